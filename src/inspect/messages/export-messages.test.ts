import type { LocalNode } from 'cojson';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { problemsOfHar } from '../../../test/support/inspect/har-checks.ts';
import { createAccountNode } from '../../../test/support/session/account-node.ts';
import {
  closedChannel,
  createFakeSync,
  fakePeerID,
  type FakeSync,
  type Unnumbered,
} from '../../../test/support/sync/fake-sync.ts';
import { createKernelError, isKernelError } from '../../base/kernel-error.ts';
import type { ChannelMoment } from '../../sync/inspection.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createInspector } from '../create-inspector.ts';
import type { Inspector } from '../inspector.ts';

let node: LocalNode;
let sync: FakeSync;
let inspector: Inspector;
/** The channel of the next events. */
let channel: number;
/** The frames that the kernel and the relay sent, as HAR lists them. */
let frames: { readonly type: string; readonly time: number; readonly data: string }[];
const clock = createFakeClock();

beforeEach(async () => {
  node = await createAccountNode();
  sync = createFakeSync(node, clock.nowMs());
  inspector = createInspector(sync, { clock });
  onTestFinished(() => inspector.close());
  frames = [];
  channel = 1;
});

const at = { peerID: fakePeerID, atMs: 1_700_000_000_000 };
const tell = (moment: Unnumbered<ChannelMoment>) => sync.frame(moment, channel);

function say(kind: 'sent' | 'received', ...messages: readonly object[]): void {
  clock.advance(7);
  const data = messages.map((message) => JSON.stringify(message)).join('\n');
  const atMs = at.atMs + clock.nowMs();
  frames.push({ type: kind === 'sent' ? 'send' : 'receive', time: atMs / 1000, data });
  tell({ ...at, kind, atMs, text: data });
}

/** Simulates the traffic between a kernel and a relay over two channels; the second stays open. */
function talk(): void {
  const map = node.createGroup().createMap();
  map.set('plan', 'PLAINTEXT', 'trusting');
  map.set('private', 'PRIVATE');
  const contents = [map.group.core, map.core].flatMap((core) => core.newContentSince() ?? []);
  const known = { action: 'known', ...map.core.knownState() };
  tell({ ...at, kind: 'opened', transport: 'websocket' });
  say('received', { maia: 'echoed', t: 1 }, { type: 'ping', time: 5, dc: 'maia' });
  say('sent', ...contents);
  say('received', known);
  tell({
    ...at,
    kind: 'closed',
    ...closedChannel,
    error: createKernelError('RELAY_SILENT', 'No bytes for 10 s.'),
  });
  channel = 2;
  tell({ ...at, kind: 'opened', transport: 'websocket' });
  say('sent', { action: 'load', id: map.id, header: false, sessions: {} });
  say('sent', ...contents.slice(1));
}

const exported = async (options: Parameters<Inspector['messages']['export']>[0]) =>
  (await inspector.messages.export(options)).join('');

interface Har {
  readonly log: {
    readonly comment: string;
    readonly entries: readonly {
      readonly comment: string;
      readonly request: { readonly url: string };
      readonly _transport: string;
      readonly _webSocketMessages: readonly { readonly [key: string]: unknown }[];
    }[];
  };
}
const har = async (full: boolean) => JSON.parse(await exported({ format: 'har', full })) as Har;

describe('HAR', () => {
  it('matches the schema, with the original frames', async () => {
    talk();
    const full = await har(true);
    expect(problemsOfHar(full)).toEqual([]);
    expect(full.log.entries.map(({ comment, request }) => [request.url, comment])).toEqual([
      ['wss://relay.example/sync', 'RELAY_SILENT: No bytes for 10 s.'],
      ['wss://relay.example/sync', ''],
    ]);
    expect(full.log.entries.flatMap((entry) => entry._webSocketMessages)).toEqual(
      frames.map((frame) => ({ ...frame, opcode: 1 })),
    );
  });

  it('[PANEL-7] is redacted by default', async () => {
    talk();
    const text = await exported({ format: 'har' });
    expect(problemsOfHar(JSON.parse(text))).toEqual([]);
    expect(text).not.toMatch(/PLAINTEXT|encrypted_U/);
    expect(text).toContain(' characters]');
    expect(await exported({ format: 'har', full: true })).toMatch(/PLAINTEXT[^]*encrypted_U/);
  });

  it('omits withheld messages, and adds the rest of their frame to no other frame', async () => {
    tell({ ...at, kind: 'opened', transport: 'websocket' });
    say('sent', { type: 'ping', time: 1, dc: 'maia' });
    say('received', { action: 'of-no-known-kind' }, { type: 'ping', time: 2, dc: 'maia' });
    const [entry] = (await har(true)).log.entries;
    expect(entry?._webSocketMessages.map(({ type, data }) => [type, data])).toEqual([
      ['send', '{"type":"ping","time":1,"dc":"maia"}'],
      ['receive', '{"type":"ping","time":2,"dc":"maia"}'],
    ]);
    expect(entry?.comment).toBe('1 message withheld or no longer available.');
  });

  it('has an entry for each of two channels that are open at once', async () => {
    const error = createKernelError('ABORTED', 'Closed.');
    tell({ ...at, kind: 'opened', transport: 'websocket' });
    channel = 2;
    tell({ ...at, kind: 'opened', transport: 'http' });
    say('received', { type: 'ping', time: 1, dc: 'maia' });
    channel = 1;
    tell({ ...at, kind: 'closed', ...closedChannel, error });
    channel = 2;
    say('received', { type: 'ping', time: 2, dc: 'maia' });
    // A channel that is given up before it opens.
    channel = 3;
    tell({ ...at, kind: 'closed', ...closedChannel, error });
    expect(
      (await har(true)).log.entries.map((entry) => [
        entry._transport,
        entry.comment,
        entry._webSocketMessages.length,
      ]),
    ).toEqual([
      ['websocket', 'ABORTED: Closed.', 0],
      ['http', '', 2],
      ['unknown', 'ABORTED: Closed.', 0],
    ]);
  });

  it('matches the schema when empty', async () => {
    expect(problemsOfHar(await har(false))).toEqual([]);
  });

  it('the schema detects errors', async () => {
    talk();
    const good = JSON.stringify(await har(true));
    const spoilt = (from: RegExp | string, to: string) => problemsOfHar(JSON.parse(good.replace(from, to)));
    expect(spoilt('"redirectURL":"",', '')).toEqual(['log.entries[0].response.redirectURL is missing']);
    expect(spoilt(/"startedDateTime":"[^"]+"/, '"startedDateTime":"today"')).toHaveLength(1);
    expect(spoilt('"time":0', '"time":-1').length + spoilt(/"status":101/, '"status":"101"').length).toBe(1);
  });
});

describe('NDJSON', () => {
  it.each([true, false])('is read back as it was exported (full: %s)', async (full) => {
    talk();
    const text = await exported({ format: 'ndjson', full });
    const read = await inspector.messages.import(text);
    const withoutLabels = ({ label: _, ...row }: (typeof rows)[number]) => row;
    const { rows } = inspector.messages.read();
    expect(rows.length).toBe(10);
    expect(read.read().rows).toEqual(rows.map(withoutLabels));
    expect(read.head).toMatchObject({ redacted: !full, dropped: 0, relays: [{ id: fakePeerID }] });
    const content = rows.find(
      ({ type, confirmation }) => type === 'content' && confirmation?.state === 'confirmed',
    );
    expect(content).toBeDefined();
    const texts = await Promise.all(rows.map(({ number }) => read.textOf(number)));
    const own = await Promise.all(rows.map(({ number }) => inspector.messages.textOf(number)));
    if (full) expect(texts).toEqual(own);
    else expect(JSON.stringify(texts)).not.toMatch(/PLAINTEXT|encrypted_U/);
    expect(inspector.messages.counts.kept).toBe(10);
  });

  it('is rejected with the number of the wrong line, without quoting it', async () => {
    talk();
    const lines = (await exported({ format: 'ndjson' })).trim().split('\n');
    const spoilt = (index: number, change: object) =>
      lines
        .with(index, JSON.stringify({ ...(JSON.parse(lines[index] ?? '') as object), ...change }))
        .join('\n');
    const cases: readonly (readonly [string, RegExp])[] = [
      ['', /line 1 is not the head/],
      ['\u0000PNG', /line 1 is not the head/],
      ['5', /line 1 is not the head/],
      ['{"maia":"recording","v":1}', /line 1 is not the head/],
      [spoilt(0, { v: 2 }), /another version/],
      [spoilt(0, { relays: 'EVIL' }), /line 1 is incomplete/],
      [lines.with(3, '"EVIL"').join('\n'), /line 4 is not a JSON object/],
      [lines.with(3, '{"EVIL":').join('\n'), /line 4 is not a JSON object/],
      [spoilt(3, { number: 9 }), /line 4 is not the next/],
      [spoilt(3, { type: 'EVIL' }), /line 4 is malformed/],
      [spoilt(3, { text: 'EVIL\nEVIL' }), /line 4 is malformed/],
      [spoilt(3, { id: 'EVIL'.repeat(1_000) }), /line 4 is malformed/],
      [spoilt(3, { atMs: 1e300 }), /line 4 is malformed/],
      [spoilt(3, { bytes: -1 }), /line 4 is malformed/],
      [spoilt(3, { channel: 0 }), /line 4 is malformed/],
      [spoilt(4, { confirmation: { state: 'confirmed', by: 1 } }), /line 5 has a malformed confirmation/],
      [spoilt(6, { confirms: { newest: -4, messages: 1 } }), /line 7 has a malformed confirmation/],
    ];
    for (const [text, problem] of cases) {
      const error: unknown = await inspector.messages.import(text).catch((thrown: unknown) => thrown);
      expect(isKernelError(error, 'MESSAGE_INVALID') && error.message).toMatch(problem);
      expect(String(error)).toMatch(/Nothing was changed/);
      expect(String(error)).not.toContain('EVIL');
    }
    const long = await inspector.messages.import('\n'.repeat(200_000_001)).catch(String);
    expect(long).toMatch(/longer than 200 MB/);
  });
});
