import { expect, it } from 'vitest';
import { playStockHistory } from '../../../../test/simulation/stock-history.ts';

const contentsOf = (sent: readonly string[]) => sent.filter((line) => line.includes('"action":"content"'));

it.each([1, 7])(
  '[RELAY-52] change nothing for stock clients, which send no more than without (seed %i)',
  async (seed) => {
    const whole = await playStockHistory({ seed, wantsWhole: true, rounds: 12 });
    const cut = await playStockHistory({ seed, wantsWhole: false, rounds: 12 });
    expect(cut.shown).toEqual(whole.shown);
    expect(cut.sentAgain).toBeLessThanOrEqual(whole.sentAgain);
    expect(contentsOf(cut.sent).length).toBeLessThanOrEqual(contentsOf(whole.sent).length);
    expect([whole.acknowledgements.partial, cut.acknowledgements.partial > 5]).toEqual([0, true]);
    expect(cut.acknowledgements.bytes).toBeLessThan(whole.acknowledgements.bytes);
  },
);
