import { cojsonInternals, type CojsonInternalTypes, type LocalNode, type SyncMessage } from 'cojson';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createAgentNode } from '../../test/support/sync/stock-relay.ts';
import { interceptContent, listen, listenToSending } from './node-events.ts';

let node: LocalNode;
let author: LocalNode;
let log: string[];
beforeEach(async () => {
  [node, author] = [await createAgentNode(), await createAgentNode()];
  log = [];
});

function addRelay(to: LocalNode) {
  const incoming = new cojsonInternals.ConnectedPeerChannel();
  const outgoing = { push: () => {}, close: () => {}, onClose: () => {} };
  to.syncManager.addPeer({ id: 'relay', role: 'server', incoming, outgoing });
  return { push: (message: SyncMessage) => incoming.push(message), outgoing };
}

function newContent() {
  const [content] = author.createGroup().core.newContentSince(undefined) ?? [];
  if (!content) throw new Error('The group has no content.');
  return content;
}

describe('a listener', () => {
  it('receives local edits and imports with the transactions that are new', () => {
    listen(node, { edited: (id, need, isMade) => log.push(`${id} ${JSON.stringify(need)} ${isMade}`) });
    const map = node.createGroup().createMap();
    log = [];
    map.set('key', 1);
    expect(log).toEqual([`${map.id} {"${node.currentSessionID}":1} true`]);
    const content = newContent();
    log = [];
    node.syncManager.handleNewContent(content, 'import');
    node.syncManager.handleNewContent(content, 'import');
    expect(log).toHaveLength(1);
    expect(log[0]).toContain('"header":1');
  });

  it('receives an import once the node has it, not while it waits for its group', async () => {
    listen(node, { edited: (id) => log.push(id) });
    const map = author.createGroup().createMap({ key: 1 });
    const [group, content] = [map.group.core, map.core].map(
      (core) => core.newContentSince(undefined)?.[0] as CojsonInternalTypes.NewContentMessage,
    );
    if (content) node.syncManager.handleNewContent(content, 'import');
    expect(log).toEqual([]);
    if (group) node.syncManager.handleNewContent(group, 'import');
    await expect.poll(() => log).toEqual([map.group.id, map.id]);
  });

  it('receives nothing of an import whose earlier transactions the node lacks', () => {
    vi.spyOn(console, 'error').mockImplementation(() => {});
    const map = author.createGroup().createMap({ key: 1 });
    const pieceAfter = (count: number) => {
      const sessions = count > 0 ? { [author.currentSessionID]: count } : {};
      const known = { id: map.id, header: count > 0, sessions };
      return map.core.newContentSince(known)?.[0] as CojsonInternalTypes.NewContentMessage;
    };
    const whole = [map.group.core.newContentSince(undefined)?.[0], pieceAfter(0)];
    map.set('key', 2);
    map.set('key', 3);
    for (const content of whole) if (content) node.syncManager.handleNewContent(content, 'import');
    listen(node, { edited: (id, need) => log.push(`${id} ${JSON.stringify(need)}`) });
    node.syncManager.handleNewContent(pieceAfter(2), 'import');
    expect(log).toEqual([]);
    node.syncManager.handleNewContent(pieceAfter(1), 'import');
    expect(log).toEqual([`${map.id} {"${author.currentSessionID}":3}`]);
  });

  it('receives a peer’s messages before and after cojson handles them, and what they changed', async () => {
    const relay = addRelay(node);
    listen(node, {
      handling: ({ action }, { id }) => log.push(`handling ${action} of ${id}`),
      received: () => log.push('received'),
      handled: ({ action }) => log.push(`handled ${action}`),
    });
    const content = newContent();
    relay.push(content);
    relay.push(content);
    const message = ['handling content of relay', 'handled content'];
    await expect.poll(() => log).toEqual([message[0], 'received', message[1], ...message]);
  });

  it('receives messages sent to earlier and later peers, until it ends', () => {
    addRelay(node);
    const end = listenToSending(node, ({ action }, peerID) => log.push(`${action} to ${peerID}`));
    const { id } = newContent();
    void node.loadCoValueCore(id);
    expect(log).toEqual(['load to relay']);
    node.syncManager.removePeer('relay');
    addRelay(node);
    expect(log).toContain('load to relay');
    log = [];
    end();
    node.createGroup();
    expect(log).toEqual([]);
  });
});

describe('cojson’s methods', () => {
  it('are replaced for the first listener and restored after the last', () => {
    const { handleSyncMessage, handleNewContent } = node.syncManager;
    const ends = [1, 2].map(() => listen(node, { handled: () => {}, received: () => {} }));
    expect(node.syncManager.handleSyncMessage).not.toBe(handleSyncMessage);
    const [endFirst, endSecond] = ends;
    endFirst?.();
    expect(node.syncManager.handleNewContent).not.toBe(handleNewContent);
    endSecond?.();
    endSecond?.();
    expect(node.syncManager.handleSyncMessage).toBe(handleSyncMessage);
    expect(node.syncManager.handleNewContent).toBe(handleNewContent);
  });

  it('stay as other code has replaced them meanwhile', async () => {
    const end = listen(node, { handled: () => log.push('ours') });
    const { handleSyncMessage } = node.syncManager;
    const theirs: typeof handleSyncMessage = (message, peer) => {
      log.push('theirs');
      handleSyncMessage.call(node.syncManager, message, peer);
    };
    node.syncManager.handleSyncMessage = theirs;
    end();
    expect(node.syncManager.handleSyncMessage).toBe(theirs);
    addRelay(node).push({ action: 'done', id: newContent().id });
    await expect.poll(() => log).toEqual(['theirs']);
  });
});

describe('content interceptors', () => {
  it('run in a fixed order, whichever is added first', () => {
    listen(node, { edited: () => log.push('events') });
    for (const kind of ['release-pacing', 'fork-guard'] as const) {
      interceptContent(node, kind, (next) => (content, from) => {
        log.push(kind);
        next(content, from);
      });
    }
    node.syncManager.handleNewContent(newContent(), 'import');
    expect(log).toEqual(['fork-guard', 'release-pacing', 'events']);
  });

  it('can hold content back and hand it on after they have ended', () => {
    const held: (() => void)[] = [];
    const end = interceptContent(node, 'release-pacing', (next) => (content, from) => {
      held.push(() => next(content, from));
    });
    listen(node, { edited: () => log.push('edited') });
    const content = newContent();
    node.syncManager.handleNewContent(content, 'import');
    end();
    expect(node.getCoValue(content.id).isAvailable()).toBe(false);
    for (const handOn of held) handOn();
    expect(node.getCoValue(content.id).isAvailable()).toBe(true);
    expect(log).toEqual(['edited']);
  });
});
