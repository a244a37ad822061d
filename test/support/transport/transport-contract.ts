import { afterEach, describe, expect, it } from 'vitest';
import type { Transport } from '../../../src/transport/transport.ts';
import { commands } from './echo-peer.ts';
import { watchChannel, type WatchedChannel } from './watched-channel.ts';

export interface ContractSubject {
  readonly transport: Transport;
  /** An address whose far end behaves as `answerFrame` defines. */
  readonly url: URL;
  /** An address that accepts no channel. */
  readonly refusedUrl: URL;
}

/**
 * The kernel's requirements for a transport, as tests for every implementation. A transport carries messages in order,
 * without loss or repetition, until the channel ends. It may join frames at newlines and split them there.
 */
export function describeTransport(name: string, subject: () => ContractSubject): void {
  const open: WatchedChannel[] = [];
  afterEach(() => {
    for (const { channel } of open.splice(0)) channel.close();
  });

  function dial(url = subject().url, heard?: (watched: WatchedChannel) => void): WatchedChannel {
    const watched = watchChannel(subject().transport, url, heard);
    open.push(watched);
    return watched;
  }

  async function dialOpened(): Promise<WatchedChannel> {
    const watched = dial();
    await watched.opened();
    return watched;
  }

  /** Waits for one round trip on another channel, after which anything in transit has arrived. */
  async function letPass(): Promise<void> {
    const other = await dialOpened();
    other.channel.send('passed');
    await other.until(({ messages }) => messages.length === 1);
    other.channel.close();
  }

  describe(`${name}, as every transport`, () => {
    it('has a name, and opens once', async () => {
      expect(subject().transport.name).toMatch(/^\S+$/);
      const { told } = await dialOpened();
      await letPass();
      expect(told).toEqual(['opened']);
    });

    it('[WIRE-5] carries a thousand messages there and back in their order', async () => {
      const watched = await dialOpened();
      const messages = Array.from({ length: 1_000 }, (_, number) => `${number}`);
      for (const message of messages.slice(0, 500)) watched.channel.send(message);
      watched.channel.send(messages.slice(500, 900).join('\n'));
      for (const message of messages.slice(900)) watched.channel.send(message);
      await watched.until((it) => it.messages.length >= messages.length);
      expect(watched.messages).toEqual(messages);
    });

    it('carries every character', async () => {
      const watched = await dialOpened();
      const messages = [
        'é 漢 𝄞 💥',
        '\u2028 \u2029 \u0085 \ufeff',
        ': data: event: id:',
        ' a b ',
        '💥'.repeat(100_000),
      ];
      for (const message of messages) watched.channel.send(message);
      await watched.until((it) => it.messages.length >= messages.length);
      expect(watched.messages).toEqual(messages);
    });

    it('carries frames of megabytes, and counts the bytes that wait until none do', async () => {
      const watched = await dialOpened();
      expect(watched.channel.bufferedBytes).toBe(0);
      const big = 'x'.repeat(4_000_000);
      // More than the system buffers at once, even if both ends are on this machine.
      for (const end of ['a', 'b', 'c', 'd']) watched.channel.send(`${big}${end}`);
      expect(watched.channel.bufferedBytes).toBeGreaterThan(0);
      await watched.until(({ messages }) => messages.length === 4);
      expect(watched.messages.map((message) => [message.length, message.at(-1)])).toEqual(
        ['a', 'b', 'c', 'd'].map((end) => [big.length + 1, end]),
      );
      await watched.until(({ channel }) => channel.bufferedBytes === 0);
      watched.channel.send(`${commands.big} 5000000`);
      await watched.until(({ messages }) => messages.length === 5);
      expect(watched.messages[4]).toHaveLength(5_000_000);
    });

    it('keeps channels apart', async () => {
      const [one, two] = await Promise.all([dialOpened(), dialOpened()]);
      one.channel.send('one');
      two.channel.send('two');
      await Promise.all([one, two].map((it) => it.until(({ messages }) => messages.length > 0)));
      one.channel.close();
      two.channel.send('still');
      await two.until(({ messages }) => messages.length === 2);
      expect([one.messages, two.messages]).toEqual([['one'], ['two', 'still']]);
    });

    it('closed before it opened, it never opens', async () => {
      const watched = dial();
      watched.channel.close();
      await watched.closed();
      await letPass();
      expect(watched.told).toEqual(['closed']);
      expect(watched.error?.code).toBe('ABORTED');
    });

    it('closed here, it tells so once, and nothing after it', async () => {
      const watched = dial(undefined, ({ channel, messages }) => {
        if (messages.length >= 3) channel.close(1000, 'enough');
      });
      await watched.opened();
      watched.channel.send(`${commands.burst} 500`);
      await watched.closed();
      watched.channel.close();
      await letPass();
      watched.channel.close();
      expect(watched.told.filter((what) => what !== 'received')).toEqual(['opened', 'closed']);
      expect(watched.told.at(-1)).toBe('closed');
      expect(watched.error?.code).toBe('ABORTED');
      expect(watched.channel.bufferedBytes).toBe(0);
    });

    it('ended by the other side, it brings all that was sent before', async () => {
      const watched = await dialOpened();
      watched.channel.send(`${commands.burst} 500`);
      await watched.closed();
      expect(watched.messages).toEqual(Array.from({ length: 500 }, (_, number) => `burst ${number}`));
      expect(watched.told.filter((what) => what !== 'received')).toEqual(['opened', 'closed']);
      expect(watched.told.at(-1)).toBe('closed');
      expect(watched.error?.code).toBe('RELAY_UNREACHABLE');
    });

    it('cut, it tells so', async () => {
      const watched = await dialOpened();
      watched.channel.send(commands.terminate);
      await watched.closed();
      expect(watched.error?.code).toBe('RELAY_UNREACHABLE');
      await letPass();
      expect(watched.told).toEqual(['opened', 'closed']);
    });

    it('refused, it never opens, and tells why once', async () => {
      const watched = dial(subject().refusedUrl);
      await watched.closed();
      await letPass();
      expect(watched.told).toEqual(['closed']);
      expect(['RELAY_UNREACHABLE', 'RELAY_NOT_A_RELAY']).toContain(watched.error?.code);
      expect(watched.channel.bufferedBytes).toBe(0);
    });

    it('ends on what no relay sends, and passes none of it on', async () => {
      const watched = await dialOpened();
      watched.channel.send(commands.garbage);
      await watched.closed();
      expect(watched.error?.code).toBe('RELAY_NOT_A_RELAY');
      expect(watched.told).toEqual(['opened', 'closed']);
    });
  });
}
