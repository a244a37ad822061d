import { expect, it } from 'vitest';
import { createClientNode } from '../../../../test/support/relay/stock-client.ts';
import type { Content } from '../../../engine/content.ts';
import { maySend } from './may-send.ts';

it('[RELAY-81] content that names what is no ID is refused, and `authorize` is not asked about it', async () => {
  const node = await createClientNode();
  const asked: string[] = [];
  const decide = (id: string) => asked.push(id) > 0;
  const naming = (key: string) =>
    ({
      ...{ action: 'content', id: 'co_zGroup', priority: 3 },
      new: {
        [node.currentSessionID]: {
          ...{ after: 0, lastSignature: 'signature_z' },
          newTransactions: [
            {
              privacy: 'trusting',
              madeAt: 1,
              changes: JSON.stringify([{ op: 'set', key, value: 'reader' }]),
            },
          ],
        },
      },
    }) as unknown as Content;
  const options = { node, storage: { readContent: () => Promise.resolve(undefined) } } as never;
  const rights = { decide, mayLoad: (id: string) => decide(id) };
  expect(await maySend(naming("co_z' or 1=1 --"), rights, options)).toBe(false);
  expect(asked).toEqual([]);
  expect(await maySend(naming('co_zMember'), rights, options)).toBe(true);
  expect(asked).toContain('co_zMember');
});
