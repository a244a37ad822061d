// Hocuspocus without extensions, so documents stay in memory.
import { Server } from '@hocuspocus/server';

const server = new Server({ quiet: true, address: '127.0.0.1', port: 0, stopOnSignals: false });
await server.listen();
console.log(`answers on http://127.0.0.1:${server.address.port}`);
