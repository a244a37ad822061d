import { createPacer, type Pacer } from '../../src/base/pacer.ts';

/** For which no time passes, so it never waits for another task. */
export function createInstantPacer(): Pacer {
  return createPacer({ nowMs: () => 0, nextTask: () => Promise.resolve() });
}
