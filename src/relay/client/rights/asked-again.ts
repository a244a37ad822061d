import type { Clock } from '../../../base/clock.ts';

export interface AskedAgainOptions {
  readonly clock: Pick<Clock, 'after'>;
  /** Returns a number in [0, 1). */
  readonly random: () => number;
  /** The client may have something by now that was refused to it. */
  allowed(): void;
}

/** What was refused to one client, of which the relay asks again while the client is connected. */
export interface AskedAgain {
  add(name: string, ask: () => boolean | Promise<boolean>): void;
  /** Call it when the connection ends. */
  close(): void;
}

export const askAgainMs = 60_000;
/** Beyond these, the client gets it with its next connection. */
export const maxRefused = 100;
const questionsAtOnce = 10;

export function createAskedAgain({ clock, random, allowed }: AskedAgainOptions): AskedAgain {
  /** Those that were asked longest ago come first. */
  const refused = new Map<string, () => boolean | Promise<boolean>>();
  let cancel: (() => void) | undefined;
  let isClosed = false;

  function schedule(): void {
    if (!isClosed) cancel ??= clock.after(askAgainMs * (0.75 + random() / 2), () => void askSome());
  }

  async function askSome(): Promise<void> {
    cancel = undefined;
    const some = [...refused].slice(0, questionsAtOnce);
    for (const [name, ask] of some) {
      refused.delete(name);
      refused.set(name, ask);
    }
    const answers = await Promise.all(some.map(async ([, ask]) => ask()));
    if (isClosed) return;
    if (answers.includes(true)) allowed();
    else schedule();
  }

  return {
    add(name, ask) {
      if (isClosed || refused.has(name) || refused.size >= maxRefused) return;
      refused.set(name, ask);
      schedule();
    },
    close() {
      isClosed = true;
      cancel?.();
      refused.clear();
    },
  };
}
