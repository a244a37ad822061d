import { expect, it } from 'vitest';
import { crypto } from '../../../test/support/relay/stock-client.ts';
import { liveWithReceipts, relayKinds } from '../../../test/simulation/receipts/receipt-life.ts';

it.each(relayKinds)(
  '[RECEIPT-4] in 30 simulated lives, of relays of the kind "%s", each proof is reported at the first meeting, and nothing else',
  async (kind) => {
    let [proved, compared] = [0, 0];
    for (let seed = 1; seed <= 30; seed++) {
      const life = await liveWithReceipts(seed, kind, crypto);
      expect([seed, life.finding]).toEqual([seed, undefined]);
      proved += life.proved;
      compared += life.compared;
    }
    // The lives are not idle.
    expect(compared).toBeGreaterThan(80);
    if (kind !== 'honest' && kind !== 'lies') expect(proved).toBeGreaterThan(5);
    else expect(proved).toBe(0);
  },
);
