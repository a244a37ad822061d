import { expect, it } from 'vitest';
import { crypto } from '../../../test/support/relay/stock-client.ts';
import { liveWithReceipts, relayKinds } from '../../../test/simulation/receipts/receipt-life.ts';

/** Of each kind. `MAIA_LIVES=1000 npx vitest run --config test/long/vitest.config.ts --project long receipt-lives` lives them all. */
const lives = Number(process.env['MAIA_LIVES'] ?? 300);

it.each(relayKinds)(
  '[RECEIPT-4] in many simulated lives, of relays of the kind "%s", each proof is reported at the first meeting, and nothing else',
  { timeout: lives * 1_000 },
  async (kind) => {
    let proved = 0;
    for (let seed = 1_001; seed <= 1_000 + lives; seed++) {
      const life = await liveWithReceipts(seed, kind, crypto);
      expect([seed, life.finding]).toEqual([seed, undefined]);
      proved += life.proved;
    }
    if (kind === 'honest' || kind === 'lies') expect(proved).toBe(0);
    else expect(proved).toBeGreaterThan(lives / 5);
  },
);
