"""Development only: the floors live at the checkout's root and are imported as ``bridle.<floor>``."""
from pathlib import Path
__path__ = [str(Path(__file__).resolve().parents[2])]
