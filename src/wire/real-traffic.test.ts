import { LocalNode, cojsonInternals, type Peer, type SyncMessage } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { readMessage } from './frames.ts';
import { until } from '../../test/support/until.ts';

const crypto = await WasmCrypto.create();

describe('sync messages of real nodes', () => {
  let lines: readonly string[];
  beforeAll(async () => {
    lines = await recordRealTraffic();
  });

  it('all pass, and are parsed as cojson would', () => {
    for (const line of lines) expect(readMessage(line)).toEqual({ kind: 'sync', message: parse(line) });
  });

  it('cover every action that cojson sends, and every kind of CoValue', () => {
    const messages = lines.map(parse);
    expect(new Set(messages.map(({ action }) => action))).toEqual(
      new Set(['load', 'known', 'content', 'reconcile', 'reconcile-ack']),
    );
    const headers = messages.flatMap((message) =>
      message.action === 'content' && message.header ? [message.header] : [],
    );
    expect(new Set(headers.map(({ type }) => type))).toEqual(
      new Set(['comap', 'colist', 'costream', 'coplaintext']),
    );
    expect(new Set(headers.map(({ ruleset }) => ruleset.type))).toEqual(
      new Set(['group', 'ownedByGroup', 'unsafeAllowAll']),
    );
    const text = lines.join('\n');
    expect(text).toMatch(/_session_d[^"]+\$"/);
    expect(text).toContain('"privacy":"private"');
    expect(text).toContain('"privacy":"trusting"');
    expect(text).toContain('expectContentUntil');
    expect(text).toContain('"isCorrection":true');
    expect(text).toMatch(/sealer_z\w+\/signer_z\w+_session_z/);
  });
});

const parse = (line: string) => JSON.parse(line) as SyncMessage;

/** Everything that the nodes of two users exchange with a server, as text frames. */
async function recordRealTraffic(): Promise<readonly string[]> {
  const lines: string[] = [];
  const connect = (client: LocalNode, server: LocalNode, name: string) => {
    const [toServer, toClient] = cojsonInternals.connectedPeers(`server-${name}`, `client-${name}`, {
      peer1role: 'server',
      peer2role: 'client',
    });
    client.syncManager.addPeer(tapped(toServer, lines));
    server.syncManager.addPeer(tapped(toClient, lines));
  };
  const secret = crypto.newRandomAgentSecret();
  const server = new LocalNode(secret, crypto.newRandomSessionID(crypto.getAgentID(secret)), crypto);
  const { node: alice } = await LocalNode.withNewlyCreatedAccount({
    creationProps: { name: 'Alice' },
    crypto,
  });
  const { node: bob } = await LocalNode.withNewlyCreatedAccount({ creationProps: { name: 'Bob' }, crypto });
  connect(alice, server, 'alice');
  connect(bob, server, 'bob');

  const group = alice.createGroup();
  const child = alice.createGroup();
  child.extend(group);
  const map = group.createMap();
  map.set('private', 'words');
  map.set('public', 'words', 'trusting');
  group.createList().append('item');
  group.createPlainText('text');
  group.createStream().push('item');
  const binary = group.createBinaryStream();
  binary.startBinaryStream({ mimeType: 'text/plain', fileName: 'a.txt' });
  const chunk = crypto.randomBytes(60_000);
  for (let part = 0; part < 8; part++) binary.pushBinaryStreamChunk(chunk);
  binary.endBinaryStream();
  const open = alice.createCoValue({
    type: 'comap',
    ruleset: { type: 'unsafeAllowAll' },
    meta: null,
    ...crypto.createdNowUnique(),
  });
  open.makeTransaction([{ op: 'set', key: 'a', value: 1 }], 'trusting');
  group.addMember('everyone', 'reader');
  await bob.acceptInvite(group.id, group.createInvite('writer'));
  const seen = await bob.load(map.id);
  if (seen !== 'unavailable') seen.set('private', 'more words');
  await bob.load(binary.id);
  map.core.deleteCoValue();

  // An agent without an account also writes. The messages of a reconciliation and a correction are added by hand.
  server.createGroup();
  const agentOwned = server.createGroup();
  await alice.load(agentOwned.id);
  const asked = tapped(fakeServerPeer(), lines);
  asked.outgoing.push({ action: 'reconcile', id: 'batch', values: [[map.id, crypto.shortHash({})]] });
  asked.outgoing.push({ action: 'reconcile-ack', id: 'batch' });
  asked.outgoing.push({ action: 'known', isCorrection: true, ...group.core.knownState() });
  await until(() => expect(lines.join()).toMatch(/_session_d/));
  return lines;
}

function tapped(peer: Peer, lines: string[]): Peer {
  return {
    ...peer,
    outgoing: {
      push(message) {
        if (message !== 'Disconnected') lines.push(JSON.stringify(message));
        peer.outgoing.push(message);
      },
      close: () => peer.outgoing.close(),
      onClose: (listener) => peer.outgoing.onClose(listener),
    },
  };
}

function fakeServerPeer(): Peer {
  const [peer] = cojsonInternals.connectedPeers('asked', 'asking', {
    peer1role: 'server',
    peer2role: 'client',
  });
  return peer;
}
