import { createLadder, type Ladder } from '../../../src/sync/ladder.ts';
import { createFakeClock, type FakeClock } from '../../../src/testing/fake-clock.ts';

/** A ladder with one relay, `r`, and a log of its marks, confirmations and tap events. */
export function createTestLadder({ canSave = true, isComplete = true } = {}): {
  readonly clock: FakeClock;
  readonly ladder: Ladder;
  readonly marks: readonly string[];
  readonly steps: readonly string[];
} {
  const clock = createFakeClock(0);
  const marks: string[] = [];
  const steps: string[] = [];
  const ladder = createLadder({
    clock,
    canSave: () => canSave,
    isComplete: () => isComplete,
    onPending: (id) => marks.push(`+${id}`),
    onDone: (id, _edits, isOwn) => marks.push(`-${id}${isOwn ? '' : ' of another'}`),
    onConfirmed: (id, relayID) => marks.push(`${id}@${relayID}`),
    onChange: () => {},
  });
  ladder.useRelays(['r']);
  ladder.setTap((kind, id, counts, relayID) =>
    steps.push([kind, id, JSON.stringify(counts), ...(relayID === undefined ? [] : [relayID])].join(' ')),
  );
  return { clock, ladder, marks, steps };
}
