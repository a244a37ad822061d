import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Transport } from '../../src/index.ts';
import { answerFrame } from '../support/transport/echo-peer.ts';
import { describeTransport } from '../support/transport/transport-contract.ts';
import { codeBlocks, readText, root } from './markdown.ts';

interface OwnTransport {
  portTransport(connect: (url: URL) => MessagePort): Transport;
}

const [{ code } = { code: '' }] = codeBlocks(readText('docs/own-transport.md'), 'ts');
let folder: string;
let transport: Transport;
beforeAll(async () => {
  // Outside node_modules, whose files Vite does not transform.
  await mkdir(join(root, 'test-results'), { recursive: true });
  folder = await mkdtemp(join(root, 'test-results/own-transport-'));
  const path = join(folder, 'own-transport.ts');
  await writeFile(path, code);
  const { portTransport } = (await import(/* @vite-ignore */ path)) as OwnTransport;
  transport = portTransport(connectToShell);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('the example is shorter than 60 lines', () => {
  expect(code.trim().split('\n').length).toBeLessThan(60);
});

describeTransport('The documented transport', () => ({
  transport,
  url: new URL('wss://relay.example.org/sync'),
  refusedUrl: new URL('wss://nobody.example.org/sync'),
}));

/** A fake shell that answers as the relay of the transport contract. */
function connectToShell({ hostname }: URL): MessagePort {
  const { port1: shell, port2: page } = new MessageChannel();
  const end = {
    send: (frame: string) => shell.postMessage({ kind: 'frame', frame }),
    sendGarbage: () => shell.postMessage({ kind: 'binary' }),
    close: () => shell.postMessage({ kind: 'closed' }),
    terminate: () => shell.postMessage({ kind: 'closed' }),
  };
  shell.onmessage = ({ data }: MessageEvent<{ readonly frame: string } | { readonly close: true }>) => {
    if ('close' in data) return shell.close();
    shell.postMessage({ kind: 'sent', bytes: data.frame.length });
    answerFrame(end, data.frame);
  };
  shell.postMessage({ kind: hostname.startsWith('nobody') ? 'closed' : 'opened' });
  return page;
}
