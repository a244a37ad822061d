import { readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, inject, it } from 'vitest';
import { packInLowerCase } from './make-app.mjs';
import { buildTools, changeFile, makeStarter } from './make-starter.ts';
import { freePort, start } from './run.mjs';
import { shareList, shareListAt } from './share-list.mjs';

let published: string;
beforeAll(() => {
  published = packInLowerCase(inject('tarball'));
});
afterAll(() => rmSync(dirname(published), { recursive: true }));

const timeout = 300_000;

describe.each(['@MaiaOS/kernel', '@maiaos/kernel'])('published in lower case, installed as %s', (name) => {
  let app: string;
  let port: number;
  beforeAll(async () => {
    port = await freePort();
    app = await makeStarter('vanilla', published, buildTools, (folder) => {
      const options = `{ relay: { port: ${port}, storage: 'memory:' } }`;
      changeFile(folder, 'vite.config.ts', 'maiaKernel()', `maiaKernel(${options})`);
      const sources = readdirSync(join(folder, 'src')).filter((file) => file.endsWith('.ts'));
      for (const file of ['package.json', 'vite.config.ts', ...sources.map((source) => join('src', source))])
        changeFile(folder, file, '@MaiaOS/kernel', name);
    });
  }, timeout);
  afterAll(() => rmSync(dirname(app), { recursive: true }));

  it('shares a list in dev, where each page has one panel', { timeout }, async () => {
    const appPort = await freePort();
    const vite = await start(
      join(app, 'node_modules/.bin/vite'),
      ['--host', 'localhost', '--port', String(appPort)],
      { cwd: app, env: { NO_COLOR: '1' }, ready: /Local:/ },
    );
    try {
      await shareListAt(app, `http://localhost:${appPort}/`, { kernel: name, panels: 1 });
    } finally {
      await vite.close('SIGTERM');
    }
  });

  it('shares a list once it is built', { timeout }, () => shareList(app, { kernel: name }));
});
