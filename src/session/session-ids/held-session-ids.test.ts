import { expect, it } from 'vitest';
import { createFakeLocks } from '../../../test/support/platform/fake-locks.ts';
import { heldSessionIDs } from './held-session-ids.ts';

it('lists the held session IDs of the account, or returns undefined if the browser cannot', async () => {
  const locks = createFakeLocks();
  const held = ['co_za_session_z1', 'co_za_session_z2', 'co_zab_session_z3'];
  for (const id of held) void locks.request(`maia/session/${id}`, {}, () => new Promise(() => {}));
  void locks.request('maia/session-ids/co_za', {}, () => new Promise(() => {}));
  expect(await heldSessionIDs(locks, 'co_za')).toEqual(held.slice(0, 2));

  expect(await heldSessionIDs(undefined, 'co_za')).toBeUndefined();
  expect(await heldSessionIDs({ request: locks.request }, 'co_za')).toBeUndefined();
  const query = () => Promise.reject(new Error('not here'));
  expect(await heldSessionIDs({ request: locks.request, query }, 'co_za')).toBeUndefined();
});
