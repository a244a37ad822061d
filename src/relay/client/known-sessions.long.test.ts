import { expect, it } from 'vitest';
import { openRawClient } from '../../../test/support/relay/raw-client.ts';
import { createPostgres, describePostgres } from '../../../test/support/relay/test-postgres.ts';
import { startRelay } from '../../../test/support/relay/test-relay.ts';
import { until } from '../../../test/support/until.ts';

describePostgres('what a client says it has', () => {
  it('[RELAY-35] counts as memory, and a client that says too much is refused', async () => {
    const relay = await startRelay({ storage: await createPostgres(), memoryMB: 20 });
    const greedy = await openRawClient(relay.url);
    const modest = await openRawClient(relay.url);
    const letters = (number: number) =>
      [...String(number)].map((digit) => 'ABCDEFGHJK'[Number(digit)]).join('');
    const id = (number: number) => `co_z${letters(number)}`;
    for (let number = 0; number < 4; number++) {
      const sessions = Object.fromEntries(
        Array.from({ length: 40_000 }, (_, index) => [
          `co_zA_session_z${letters(number)}x${letters(index)}`,
          1,
        ]),
      );
      greedy.send({ action: 'known', id: id(number), header: true, sessions });
    }
    await until(
      () =>
        expect(greedy.received).toContainEqual(expect.objectContaining({ maia: 'refused', code: 'limit' })),
      30_000,
    );
    modest.send({ maia: 'echo', t: 1 });
    await modest.waitFor({ maia: 'echoed' });
    expect(modest.closeCode).toBeUndefined();
  });
});
