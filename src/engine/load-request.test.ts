import { cojsonInternals } from 'cojson';
import { expect, it, vi } from 'vitest';
import { createAgentNode } from '../../test/support/sync/stock-relay.ts';
import { askRelayFor } from './load-request.ts';

it('does not ask a relay for content that is still being read from the storage', async () => {
  const [author, node] = [await createAgentNode(), await createAgentNode()];
  const group = author.createGroup();
  const file = group.createBinaryStream();
  file.startBinaryStream({ mimeType: 'text/plain' });
  for (let part = 0; part < 6; part++) file.pushBinaryStreamChunk(new Uint8Array(60_000));
  const [first, ...later] = file.core.newContentSince() ?? [];
  for (const content of group.core.newContentSince() ?? [])
    node.syncManager.handleNewContent(content, 'storage');
  if (first) node.syncManager.handleNewContent(first, 'storage');
  expect(later.length).toBeGreaterThan(0);
  expect(node.expectCoValueLoaded(file.id).isStreaming()).toBe(true);

  const [relay] = cojsonInternals.connectedPeers('relay', 'device', { peer1role: 'server' });
  node.syncManager.addPeer(relay, true);
  const sent = vi.spyOn(node.syncManager, 'trySendToPeer');
  askRelayFor(node, 'relay', file.id);
  expect(sent).toHaveBeenCalledWith(expect.anything(), { action: 'load', ...file.core.knownState() });
});
