import { copyFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { rolldown } from 'rolldown';
import { cojsonWasm } from '../../scripts/build/packages.mjs';

/** Builds each page as an app's own build would: minified, against the package as published. */
export async function buildPages(options: {
  readonly suite: string;
  readonly pages: readonly string[];
  readonly benchFolder: string;
  readonly packageFolder: string;
  readonly into: string;
}): Promise<void> {
  const { suite, pages, benchFolder, packageFolder, into } = options;
  const wasm = basename(cojsonWasm);
  await copyFile(join(packageFolder, wasm), join(into, wasm));
  for (const page of pages) {
    const bundle = await rolldown({
      input: join(benchFolder, suite, 'pages', `${page}.ts`),
      platform: 'browser',
      // The paths in tsconfig.json lead to the sources, but the package is to be measured.
      tsconfig: false,
      resolve: {
        alias: {
          // The longer name first: an alias also matches names that begin with it.
          '@MaiaOS/kernel/devtools': join(packageFolder, 'devtools.js'),
          '@MaiaOS/kernel/inspect': join(packageFolder, 'inspect.js'),
          '@MaiaOS/kernel': join(packageFolder, 'index.js'),
        },
      },
    });
    await bundle.write({
      dir: into,
      entryFileNames: '[name].js',
      format: 'es',
      minify: true,
    });
    await bundle.close();
    const html = `<!doctype html><title>${page}</title><script type="module" src="/${page}.js"></script>`;
    await writeFile(join(into, `${page}.html`), html);
  }
}
