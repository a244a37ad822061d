import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { keySetOf, type SigningKey } from './signing-key.ts';

/** Serves a key set on loopback, until the test ends. */
export async function openIdentityServer(...keys: readonly SigningKey[]) {
  const served = { text: JSON.stringify(await keySetOf(...keys)), reads: 0 };
  const sendKeys = (response: ServerResponse) => void response.end(served.text);
  let answer = sendKeys;
  const server = createServer((_, response) => {
    served.reads++;
    answer(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`,
    get reads() {
      return served.reads;
    },
    async publish(...published: readonly SigningKey[]) {
      served.text = JSON.stringify(await keySetOf(...published));
    },
    /** Answers in another way, or as before. */
    answer: (next = sendKeys) => void (answer = next),
  };
}
