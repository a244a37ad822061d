import { createLadder, type Ladder, type LadderEvents } from '../../../src/sync/delivery/ladder.ts';
import { createFakeClock, type FakeClock } from '../../../src/testing/fake-clock.ts';

/** A ladder with one relay, `r`, and a log of its marks, confirmations and tap events. */
export function createTestLadder({
  canSave = true,
  clock = createFakeClock(0),
  onDone = () => {},
  onMissing = () => {},
  onOwed = () => {},
  onChange = () => {},
}: {
  readonly canSave?: boolean;
  readonly clock?: FakeClock;
  readonly onDone?: (id: string) => void;
  readonly onMissing?: LadderEvents['onMissing'];
  readonly onOwed?: LadderEvents['onOwed'];
  readonly onChange?: (id?: string) => void;
} = {}): {
  readonly clock: FakeClock;
  readonly ladder: Ladder;
  readonly marks: readonly string[];
  readonly steps: readonly string[];
} {
  const marks: string[] = [];
  const steps: string[] = [];
  let isReady = false;
  const ladder = createLadder({
    clock,
    canSave: () => canSave,
    isCurrent: () => true,
    onOwed,
    onSettled: () => {},
    onReleased: () => {},
    onPending: (id) => marks.push(`+${id}`),
    onDone(id, _edits, isOwn) {
      marks.push(`-${id}${isOwn ? '' : ' of another'}`);
      onDone(id);
    },
    onMissing,
    onConfirmed: (id, relayID) => marks.push(`${id}@${relayID}`),
    onChange: (id) => isReady && onChange(id),
  });
  ladder.useRelays(['r']);
  isReady = true;
  ladder.setTap((kind, id, counts, relayID) =>
    steps.push([kind, id, JSON.stringify(counts), ...(relayID === undefined ? [] : [relayID])].join(' ')),
  );
  return { clock, ladder, marks, steps };
}
