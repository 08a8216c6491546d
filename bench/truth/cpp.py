"""The truth of C++: what libclang, the library of a compiler, says that every name means."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from comparing import Comparison
from pinned import absent, each, own
from uses import compared, lines_of, told_in

PINNED = (("leveldb", "db/db_impl.cc", "78a352f47ed6c1e9d750545e9b242289185b87e1"),)
"""Name, where its code is, commit."""

GIVEN = {"leveldb": ("-DLEVELDB_PLATFORM_POSIX=1", "-isystem", "googletest/googletest/include", "-isystem",
                     "googletest/googlemock/include")}  # fmt: skip
"""What the build files of a project would say; folders are of clones beside it: googletest at 7260682."""

OPTIONAL = "libclang (Python's package of that name, and g++)"
TELLER = Path(__file__).with_name("tellers") / "cpp_clang.py"
OWN = {
    "include/shop/cart.h": """#pragma once
#include <memory>
#include <vector>
#define SHOP_API __attribute__((visibility(\"default\")))
namespace shop {
class Rate;
class Base {
 public:
  explicit Base(int x);
  virtual ~Base() = default;
  virtual int total() const = 0;
 protected:
  int size() const { return 1; }
};
class SHOP_API Cart final : public Base {
 public:
  Cart(std::shared_ptr<Rate> one);
  int total() const override;
  static Cart first();
 private:
  std::shared_ptr<Rate> one_;
  std::vector<Rate> all_;
};
namespace tax {
int limit();
template <typename T> T twice(T x) { return x + x; }
}  // namespace tax
}  // namespace shop
""",
    "include/shop/rate.h": "#pragma once\nnamespace shop {\nclass Rate {\n public:\n"
    "  int of(int price) const { return price * part(); }\n private:\n  int part() const;\n};\n}  // namespace shop\n",
    "src/cart.cpp": """#include "shop/cart.h"
#include "shop/rate.h"
namespace shop {
namespace {
int with(const Rate& rate) { return rate.of(2); }
}  // namespace
Base::Base(int x) {}
Cart::Cart(std::shared_ptr<Rate> one) : Base(1), one_(std::move(one)) {}
int Cart::total() const {
  int sum = one_->of(1) + size() + tax::limit();
  for (const auto& rate : all_) sum += with(rate) + rate.of(3);
  return sum + tax::twice(all_[0].of(4));
}
Cart Cart::first() { return Cart(std::make_shared<Rate>()); }
int tax::limit() { return 3; }
}  // namespace shop
""",
    "src/rate.cpp": '#include "shop/rate.h"\nint shop::Rate::part() const { return 1; }\n',
    "src/main.cpp": "#include <shop/cart.h>\nusing shop::Cart;\n\nint with(int x) { return x; }\n\n"
    "int main() { auto cart = Cart::first(); shop::Base* base = &cart; return with(base->total()) + cart.total(); }\n",
}


def missing(where: Path) -> list[str]:
    """Return what is not there of the clones and of the programs."""
    return absent(where, PINNED, OPTIONAL, is_here=_is_here())


def comparisons(where: Path, n_symbols: int, only: str) -> Iterator[Comparison]:
    """Yield one comparison a project, of all its definitions: the library tells them at once."""
    del n_symbols
    return each(where, PINNED, only, _compared)


def smoke() -> Iterator[Comparison]:
    """Yield the comparison of a small tree of our own; nothing where a program is not installed."""
    return own(OWN, _compared, is_here=_is_here())


def _is_here() -> bool:
    return importlib.util.find_spec("clang") is not None and shutil.which("g++") is not None


def _compared(root: Path, name: str) -> Comparison:
    given = [str(root.parent / one) if one.startswith("google") else one for one in GIVEN.get(name, ())]
    argv = [sys.executable, str(TELLER), str(root), *given]
    told = subprocess.run(argv, cwd=root, check=True, capture_output=True, text=True).stdout
    return compared(root, told_in(lines_of(told)), name, constructors=("=",))
