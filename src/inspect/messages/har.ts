import { formatCount } from '../shared/format.ts';
import type { MessageFacts } from '../snapshot/message-types.ts';
import type { KeptMessage, MessagesHead } from './messages-file.ts';

interface Channel {
  readonly url: string;
  readonly transport: string | undefined;
  readonly startedAtMs: number;
  endedAtMs: number;
  readonly messages: string[];
  /** The frame being assembled, because the log lists its messages individually. */
  frame: { readonly type: string; readonly atMs: number; text: string } | undefined;
  notKept: number;
  closed: string | undefined;
}

/** HAR 1.2 with an entry per channel and Chrome's `_webSocketMessages`. Entry comments count omitted messages. */
export async function harOf(
  messages: AsyncIterable<KeptMessage>,
  { kernel, redacted, relays }: MessagesHead,
): Promise<readonly string[]> {
  const channels: Channel[] = [];
  const byNumber = new Map<number, Channel>();

  function addChannel({ relayID, channel: number, atMs }: MessageFacts, transport?: string): Channel {
    const url = relays.find(({ id }) => id === relayID)?.url ?? `wss://${relayID}/`;
    const channel: Channel = {
      url,
      transport,
      startedAtMs: atMs,
      endedAtMs: atMs,
      messages: [],
      frame: undefined,
      notKept: 0,
      closed: undefined,
    };
    channels.push(channel);
    byNumber.set(number, channel);
    return channel;
  }

  for await (const { facts, text } of messages) {
    const { atMs, type, direction, note, continuesFrame } = facts;
    if (type === 'opened') {
      addChannel(facts, note);
      continue;
    }
    const channel = byNumber.get(facts.channel) ?? addChannel(facts);
    channel.endedAtMs = Math.max(atMs, channel.endedAtMs);
    if (type === 'closed') {
      channel.closed = note;
    } else if (text.state !== 'kept') {
      if (!continuesFrame) endFrame(channel);
      channel.notKept++;
    } else if (continuesFrame && channel.frame) {
      channel.frame.text += `\n${text.text}`;
    } else {
      endFrame(channel);
      channel.frame = { type: direction === 'sent' ? 'send' : 'receive', atMs, text: text.text };
    }
  }
  for (const channel of channels) endFrame(channel);

  const comment = redacted
    ? 'Content that the app wrote is replaced by its length.'
    : 'Includes content that the app wrote.';
  const creator = { name: 'maia devtools', version: kernel };
  const start = JSON.stringify({ log: { version: '1.2', creator, comment, entries: [] } });
  return [
    start.slice(0, -3),
    ...channels.flatMap((channel, index) => [index > 0 ? ',' : '', ...entryOf(channel)]),
    ']}}',
  ];
}

function endFrame(channel: Channel): void {
  const { frame } = channel;
  if (!frame) return;
  const { type, atMs, text } = frame;
  channel.messages.push(JSON.stringify({ type, time: atMs / 1000, opcode: 1, data: text }));
  channel.frame = undefined;
}

function entryOf(channel: Channel): readonly string[] {
  const { url, transport, startedAtMs, endedAtMs, messages, notKept, closed } = channel;
  const durationMs = endedAtMs - startedAtMs;
  // A channel that never opened has only its end.
  const hasCarried = messages.length + notKept > 0;
  const comments = [
    ...(transport === undefined && hasCarried ? ['The channel was open before the recording began.'] : []),
    ...(notKept > 0 ? [`${formatCount(notKept, 'message')} withheld or no longer available.`] : []),
    ...(closed === undefined ? [] : [closed]),
  ];
  const httpVersion = 'HTTP/1.1';
  const sizes = { headersSize: -1, bodySize: -1 };
  const lists = { cookies: [], headers: [] };
  const entry = JSON.stringify({
    startedDateTime: new Date(startedAtMs).toISOString(),
    time: durationMs,
    request: { method: 'GET', url, httpVersion, ...lists, queryString: [], ...sizes },
    response: {
      status: 101,
      statusText: 'Switching Protocols',
      httpVersion,
      ...lists,
      redirectURL: '',
      content: { size: 0, mimeType: 'x-unknown' },
      ...sizes,
    },
    cache: {},
    timings: { send: 0, wait: 0, receive: durationMs },
    comment: comments.join(' '),
    _resourceType: 'websocket',
    _transport: transport ?? 'unknown',
    _webSocketMessages: [],
  });
  return [entry.slice(0, -2), messages.join(','), ']}'];
}
