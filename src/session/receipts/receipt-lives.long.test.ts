import { expect, it } from 'vitest';
import { crypto } from '../../../test/support/relay/stock-client.ts';
import { liveWithReceipts, relayKinds } from '../../../test/simulation/receipts/receipt-life.ts';

it.each(relayKinds)(
  '[RECEIPT-4] in 1,000 simulated lives, of relays of the kind "%s", each proof is reported at the first meeting, and nothing else',
  { timeout: 300_000 },
  async (kind) => {
    let proved = 0;
    for (let seed = 1_001; seed <= 2_000; seed++) {
      const life = await liveWithReceipts(seed, kind, crypto);
      expect([seed, life.finding]).toEqual([seed, undefined]);
      proved += life.proved;
    }
    if (kind === 'honest' || kind === 'lies') expect(proved).toBe(0);
    else expect(proved).toBeGreaterThan(200);
  },
);
