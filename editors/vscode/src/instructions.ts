/** The box in which a person says what is wanted: what was said here before is at hand below it. */

import { window, type Memento, type QuickPickItem } from "vscode";

const KEPT = 30;
const KEY = "instructions";

export class Instructions {
  constructor(private readonly memory: Memento) {}

  /** What the person wants, kept for the next time; undefined when they said nothing. */
  async ask(title: string, placeholder: string): Promise<string | undefined> {
    const said = (await this.pick(title, placeholder))?.trim();
    if (!said) return undefined;
    await this.memory.update(KEY, [said, ...this.said().filter((each) => each !== said)].slice(0, KEPT));
    return said;
  }

  private said(): string[] {
    return this.memory.get<string[]>(KEY, []);
  }

  /** A list that takes what is typed as well: that stands first in it, and Enter takes it. */
  private pick(title: string, placeholder: string): Promise<string | undefined> {
    const box = window.createQuickPick();
    Object.assign(box, { title, placeholder });
    const offer = (): void => {
      const known = this.said().map((label): QuickPickItem => ({ label }));
      const typed: QuickPickItem[] = box.value ? [{ label: box.value, alwaysShow: true }] : [];
      box.items = [...typed, ...known.filter(({ label }) => label !== box.value)];
    };
    let isOffered = false; // what is typed stands in the list: Enter may mean another row of it only from then on
    return new Promise((answer) => {
      box.onDidChangeValue(() => {
        isOffered = false;
        offer();
      });
      box.onDidChangeActive(([first]) => (isOffered ||= first?.label === box.value));
      box.onDidAccept(() => {
        answer(box.value && !isOffered ? box.value : (box.activeItems[0]?.label ?? box.value));
        box.hide();
      });
      box.onDidHide(() => {
        answer(undefined);
        box.dispose();
      });
      offer();
      box.show();
    });
  }
}
