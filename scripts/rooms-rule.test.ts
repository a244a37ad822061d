import { ESLint } from 'eslint';
import { describe, expect, it } from 'vitest';

// The project's own configuration. The files need not exist, so nothing that needs types is asked.
const eslint = new ESLint({
  ruleFilter: ({ ruleId }) => ruleId === 'kernel/rooms',
  overrideConfig: { languageOptions: { parserOptions: { projectService: false } } },
});

async function lint(filePath: string, code: string): Promise<readonly string[]> {
  const [result] = await eslint.lintText(code, { filePath });
  return (result?.messages ?? []).map(({ message }) => message);
}

describe('the rooms', () => {
  it.each([
    ['src/platform/clock.ts', `import { createSession } from '../session/session.ts';`],
    ['src/storage/stock.ts', `export { connect } from '../sync/connection.ts';`],
    ['src/sync/ladder.ts', `export * from '../session/session.ts';`],
    ['src/sync/ladder.ts', `const later = await import('../session/session.ts');`],
    ['src/sync/ladder.ts', `import { signUpWithPasskey } from '../index.ts';`],
    ['src/sync/ladder.ts', `import { signUpWithPasskey } from '@MaiaOS/kernel';`],
    ['src/sync/ladder.ts', `import { readFile } from 'node:fs/promises';`],
    ['src/inspect/snapshot.ts', `import { createSession } from '../session/session.ts';`],
    ['src/relay/relay.ts', `import { webSocketTransport } from '../transport/web-socket.ts';`],
    ['src/relay/sql/rows.ts', `import { browserPlatform } from '../../platform/browser-platform.ts';`],
    ['devtools/index.ts', `import { openSync } from '../src/sync/peers.ts';`],
    ['demo/main.ts', `import { signUpWithPasskey } from '../src/index.ts';`],
    ['demo/main.ts', `import { mountDevtools } from '../devtools/index.ts';`],
  ])('are closed: in %s, %s', async (filePath, code) => {
    expect(await lint(filePath, code)).toEqual([expect.stringContaining('may not import')]);
  });

  it.each([
    ['src/sync/ladder.ts', `import { createReadable } from '../platform/readable.ts';`],
    ['src/sync/ladder.ts', `import { LocalNode } from 'cojson';`],
    ['src/sync/ladder.ts', `import { nextPhase } from './phase.ts';`],
    ['src/inspect/snapshot.ts', `import type { Session } from '../session/session.ts';`],
    ['src/inspect/snapshot.ts', `import { type Session } from '../session/session.ts';`],
    ['src/relay/relay.ts', `import { parseFrame } from '../transport/frames.ts';`],
    ['src/relay/relay.ts', `import { createServer } from 'node:http';`],
    ['src/index.ts', `export { createSession } from './session/session.ts';`],
    ['src/sync/ladder.test.ts', `import { createRelay } from '../relay/index.ts';`],
    ['devtools/index.ts', `import { createInspector } from '../src/inspect/inspector.ts';`],
    ['demo/main.ts', `import { CoMap } from '@MaiaOS/kernel/cojson';`],
  ])('are open: in %s, %s', async (filePath, code) => {
    expect(await lint(filePath, code)).toEqual([]);
  });
});
