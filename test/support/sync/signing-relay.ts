import type { CojsonInternalTypes, SyncMessage } from 'cojson';
import { createKernelError } from '../../../src/base/kernel-error.ts';
import type { ChannelEvents, Transport } from '../../../src/transport/transport.ts';
import type { AuthFrame } from '../../../src/wire/frames.ts';
import { testHello } from '../transport/test-hello.ts';

/** Lets in only clients that sign in, stores nothing, and acknowledges everything. It runs on a transport of the test. */
export interface SigningRelay {
  readonly transport: Transport;
  /** Of all channels. */
  readonly auths: readonly AuthFrame[];
  /** The sync messages of all channels. */
  readonly received: readonly SyncMessage[];
  readonly channels: number;
  /** To the client that connected last. */
  say(...messages: readonly object[]): void;
  /** It pings each 4 s; call it while time passes. */
  ping(): void;
}

/** Unlike any other text. */
export const relayNonce = 'nonceCANARY'.repeat(4);

export function createSigningRelay(
  /** What it answers to the `auth` with this number, from 0. */
  answer: (number: number) => readonly object[] = () => [
    { maia: 'welcome', principal: 'token', nonce: relayNonce },
  ],
): SigningRelay {
  const auths: AuthFrame[] = [];
  const received: SyncMessage[] = [];
  const channels: ChannelEvents[] = [];

  function replies(message: SyncMessage | AuthFrame, isWelcome: () => boolean): readonly object[] {
    if ('maia' in message) return message.maia === 'auth' ? answer(auths.push(message) - 1) : [];
    if (!isWelcome()) throw new Error(`The kernel sent ${message.action} before it was welcome.`);
    received.push(message);
    if (message.action === 'reconcile') return [{ action: 'reconcile-ack', id: message.id }];
    if (message.action === 'content')
      return [{ action: 'known', id: message.id, header: true, sessions: countsOf(message) }];
    return message.action === 'load'
      ? [{ action: 'known', id: message.id, header: false, sessions: {} }]
      : [];
  }

  return {
    transport: {
      name: 'signing',
      open(_, on) {
        const number = channels.push(on);
        let isOpen = true;
        let isWelcome = false;
        const send = (messages: readonly object[]) => {
          if (messages.length === 0) return;
          queueMicrotask(() => {
            isWelcome ||= messages.some((message) => 'maia' in message && message.maia === 'welcome');
            if (isOpen && number === channels.length)
              on.received(messages.map((message) => JSON.stringify(message)).join('\n'));
          });
        };
        queueMicrotask(() => {
          if (!isOpen) return;
          on.opened();
          const auth = { nonce: relayNonce, methods: ['jwt', 'account'], withinMs: 10_000 };
          send([{ ...testHello, auth }]);
        });
        return {
          send(frame) {
            for (const line of frame.split('\n'))
              send(replies(JSON.parse(line) as SyncMessage | AuthFrame, () => isWelcome));
          },
          bufferedBytes: 0,
          close() {
            if (!isOpen) return;
            isOpen = false;
            on.closed(createKernelError('RELAY_UNREACHABLE', 'Closed.', { details: { host: 'signing' } }));
          },
        };
      },
    },
    auths,
    received,
    get channels() {
      return channels.length;
    },
    say: (...messages) =>
      channels.at(-1)?.received(messages.map((message) => JSON.stringify(message)).join('\n')),
    ping: () => channels.at(-1)?.received(JSON.stringify({ type: 'ping', time: 1, dc: 'x' })),
  };
}

function countsOf({ new: sessions }: CojsonInternalTypes.NewContentMessage): Record<string, number> {
  return Object.fromEntries(
    Object.entries(sessions).map(([id, { after, newTransactions }]) => [id, after + newTransactions.length]),
  );
}
