import { join } from 'node:path';
import { build, type Plugin } from 'vite';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');

interface Built {
  readonly moduleIDs: readonly string[];
  readonly code: string;
}

/** A production build of the demo, in memory. */
async function buildDemo(...plugins: Plugin[]): Promise<Built> {
  const chunks: { readonly moduleIds: readonly string[]; readonly code: string }[] = [];
  const collect: Plugin = {
    name: 'collect',
    generateBundle: (_, files) => {
      for (const file of Object.values(files)) if (file.type === 'chunk') chunks.push(file);
    },
  };
  await build({
    configFile: join(root, 'vite.config.ts'),
    root: join(root, 'demo'),
    mode: 'production',
    logLevel: 'error',
    build: { write: false, reportCompressedSize: false },
    plugins: [...plugins, collect],
  });
  return {
    moduleIDs: chunks.flatMap(({ moduleIds }) => moduleIds).map((id) => id.slice(root.length + 1)),
    code: chunks.map(({ code }) => code).join('\n'),
  };
}

function ofThePanel({ moduleIDs }: Built): readonly string[] {
  return moduleIDs.filter((id) => id.startsWith('devtools/') || id.startsWith('src/inspect/'));
}

describe("the demo's production build", () => {
  it('[PANEL-14] holds the app, and nothing of the panel', async () => {
    const built = await buildDemo();
    expect(built.moduleIDs).toContainEqual(expect.stringMatching(/^src\/session\//));
    expect(ofThePanel(built)).toEqual([]);
    expect(built.code).not.toContain('maia-devtools');
  });

  it('would show the panel if it were there', async () => {
    const built = await buildDemo({
      name: 'panel-in-production',
      transform: (code, id) =>
        id === join(root, 'demo/main.ts')
          ? `${code}\nimport { mountDevtools } from '@MaiaOS/kernel/devtools';\nmountDevtools();`
          : undefined,
    });
    expect(ofThePanel(built)).toContainEqual(expect.stringMatching(/^devtools\//));
    expect(ofThePanel(built)).toContainEqual(expect.stringMatching(/^src\/inspect\//));
    expect(built.code).toContain('maia-devtools');
  });
});
