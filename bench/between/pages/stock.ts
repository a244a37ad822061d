import type { RawGroup } from 'cojson';
import { createWebSocketPeer } from 'cojson-transport-ws';
import { createStockAccount } from '../../harness/stock-account.ts';
import { relayOfPage } from '../../harness/page.ts';
import { offerDevice, type Device } from './device.ts';

async function open(): Promise<Device> {
  const node = await createStockAccount();
  const websocket = new WebSocket(relayOfPage() ?? '');
  node.syncManager.addPeer(createWebSocketPeer({ id: 'relay', role: 'server', websocket }));
  return { node, synced: (id) => node.syncManager.waitForSync(id, 600_000), writeFile };
}

/** As jazz-tools writes files: in its chunks, each in a task of its own. */
async function writeFile(owner: RawGroup, blob: Blob): Promise<string> {
  const stream = owner.createBinaryStream();
  stream.startBinaryStream({ mimeType: 'application/octet-stream', totalSizeBytes: blob.size });
  const chunkBytes = 102_400;
  for (let start = 0; start < blob.size; start += chunkBytes) {
    const chunk = await blob.slice(start, start + chunkBytes).arrayBuffer();
    stream.pushBinaryStreamChunk(new Uint8Array(chunk));
    await new Promise((resolve) => setTimeout(resolve));
  }
  stream.endBinaryStream();
  return stream.id;
}

offerDevice(open());
