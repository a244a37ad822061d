import { connect } from 'node:net';
import { it, onTestFinished } from 'vitest';
import { openRawClient } from '../../../test/support/relay/raw-client.ts';
import { startRelay } from '../../../test/support/relay/test-relay.ts';
import { until } from '../../../test/support/until.ts';

it('[RELAY-35] a client that was refused at once cannot go on to fill the memory', async () => {
  const relay = await startRelay({ storage: 'memory:', limits: { connections: 1 } });
  await openRawClient(relay.url);
  const socket = connect(relay.port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {});
  let text = '';
  socket.on('data', (data) => (text += data.toString('latin1')));
  socket.write(
    'GET /sync HTTP/1.1\r\nhost: relay\r\nconnection: upgrade\r\nupgrade: websocket\r\n' +
      'sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  await until(() => text.includes('refused'));
  // The head of a message of 30 MB, and a part of it. The close frame is never answered.
  const head = Buffer.alloc(14);
  head[0] = 0x81;
  head[1] = 0x80 + 127;
  head.writeUInt32BE(30_000_000, 6);
  socket.write(head);
  socket.write(Buffer.alloc(1_000_000));
  await until(() => socket.closed);
});
