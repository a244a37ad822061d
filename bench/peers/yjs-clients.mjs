// Clients of the two Yjs servers, through each server's own provider. A client's document holds one map.
import { HocuspocusProvider, HocuspocusProviderWebsocket } from '@hocuspocus/provider';
import { WebSocket } from 'ws';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';

/** A client of y-websocket. Resolves once it has the document. */
export function connectYWebsocket(url, name) {
  const document = new Y.Doc();
  // Otherwise the clients of one process would find each other without the server.
  const options = { WebSocketPolyfill: WebSocket, disableBc: true };
  const provider = new WebsocketProvider(url, name, document, options);
  return new Promise((resolve) => {
    provider.once('sync', () => resolve(clientOf(document, () => provider.destroy())));
  });
}

/** A client of Hocuspocus. Resolves once it has the document. */
export function connectHocuspocus(url, name) {
  return openHocuspocus(url, { name });
}

/** Opens a client that shares no awareness state. Returns a function that closes it. */
export async function openIdleHocuspocus(url, name) {
  const { close } = await openHocuspocus(url, { name, awareness: null });
  return close;
}

function openHocuspocus(url, options) {
  const document = new Y.Doc();
  const websocketProvider = new HocuspocusProviderWebsocket({ url, WebSocketPolyfill: WebSocket });
  return new Promise((resolve) => {
    const provider = new HocuspocusProvider({ ...options, websocketProvider, document });
    provider.on('synced', () =>
      resolve(
        clientOf(document, () => {
          provider.destroy();
          websocketProvider.destroy();
        }),
      ),
    );
    provider.attach();
  });
}

function clientOf(document, close) {
  const map = document.getMap('map');
  return {
    set: (key, value) => void map.set(key, value),
    get: (key) => map.get(key),
    changed: (listener) => map.observe(listener),
    close,
  };
}
