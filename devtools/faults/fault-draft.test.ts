import { describe, expect, it } from 'vitest';
import { faultPresets } from '../../src/inspect/faults/fault-presets.ts';
import { draftOf, readDraft, type FaultDraft } from './fault-draft.ts';

const nothing = draftOf({}, '4127');
const typed = (change: Partial<FaultDraft['up']>) =>
  readDraft({ ...nothing, up: { ...nothing.up, ...change } });

describe('the fields of a plan', () => {
  it.each(faultPresets)('show the preset “$name” and read back as the same plan', ({ plan }) => {
    expect(readDraft(draftOf(plan, '4127'))).toEqual({ plan: { seed: 4127, ...plan } });
  });

  it('mean no fault if left empty', () => {
    expect(readDraft(nothing)).toEqual({ plan: { seed: 4127 } });
    expect(typed({ delay: ' 0 ', drop: '0' })).toEqual({ plan: { seed: 4127 } });
  });

  it.each([
    [{ still: '20', every: '60' }, { spells: { everyMs: 60_000, stillMs: 20_000 } }],
    [{ delay: '400', jitter: '50' }, { delayMs: [350, 450] }],
    [{ delay: '400' }, { delayMs: 400 }],
    [{ throttle: '0.5' }, { charactersPerSecond: 500 }],
    [{ drop: '10' }, { dropTail: { chance: 0.1, breaksAfterMs: [500, 3_000] } }],
    [
      { duplicate: '5', close: '1' },
      { duplicate: 0.05, close: 0.01 },
    ],
  ])('parse %o', (change, up) => {
    expect(typed(change)).toEqual({ plan: { seed: 4127, up } });
  });

  it.each([
    [{ delay: 'soon' }, 'Delay to the relay: enter a number from 0 to 60,000 ms.'],
    [{ delay: '1e9' }, 'Delay to the relay: enter a number from 0 to 60,000 ms.'],
    [{ drop: '101' }, 'Drop to the relay: enter a number from 0 to 100 %.'],
    [{ drop: '-1' }, 'Drop to the relay: enter a number from 0 to 100 %.'],
    [{ drop: '1.2.3' }, 'Drop to the relay: enter a number from 0 to 100 %.'],
    [{ still: '5' }, 'Stall to the relay: must not be longer than its interval.'],
    [{ every: '5' }, 'Stall to the relay: enter how long to stall in each interval of 5 s.'],
    [{ delay: '10', jitter: '11' }, 'Jitter to the relay: must not be greater than the delay.'],
  ])('explain the problem with %o', (change, problem) => {
    expect(typed(change)).toEqual({ problem });
  });

  it.each(['', '1.5', 'x', '99999999999'])('reject the seed “%s”', (seed) => {
    expect(readDraft({ ...nothing, seed })).toHaveProperty('problem');
  });
});
