import { expect, it, vi } from 'vitest';
import { addVirtualPasskey, type SendCommand } from './virtual-passkey.ts';

const invalid: readonly (readonly [string, unknown])[] = [
  ['a session instead of its `send`', { send: () => Promise.resolve() }],
  ['a `send` that fails, such as one that is not bound', () => Promise.reject(new TypeError('no session'))],
  ['a `send` that answers something else', () => Promise.resolve('ok')],
];

it.each(invalid)('refuses %s, and names what to pass', async (_, send) => {
  await expect(addVirtualPasskey(send as SendCommand)).rejects.toMatchObject({
    code: 'PASSKEY_UNSUPPORTED',
    message: expect.stringContaining('session.send.bind(session)') as string,
  });
});

it('keeps why `send` failed', async () => {
  const cause = new TypeError('no session');
  await expect(addVirtualPasskey(() => Promise.reject(cause))).rejects.toMatchObject({ cause });
});

it('removes its own device, once', async () => {
  const send = vi.fn<SendCommand>(() => Promise.resolve({ authenticatorId: 'phone' }));
  const { remove } = await addVirtualPasskey(send);
  send.mockClear();
  await Promise.all([remove(), remove()]);
  expect(send.mock.calls).toEqual([['WebAuthn.removeVirtualAuthenticator', { authenticatorId: 'phone' }]]);
});
