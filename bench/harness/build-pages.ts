import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rolldown } from 'rolldown';

/** Builds each page as an app's own build would: minified, with all that it needs in one file. */
export async function buildPages(options: {
  readonly suite: string;
  readonly pages: readonly string[];
  readonly benchFolder: string;
  readonly packageFolder: string;
  readonly into: string;
}): Promise<void> {
  const { suite, pages, benchFolder, packageFolder, into } = options;
  for (const page of pages) {
    const bundle = await rolldown({
      input: join(benchFolder, suite, 'pages', `${page}.ts`),
      platform: 'browser',
      resolve: {
        alias: {
          '@MaiaOS/kernel$': join(packageFolder, 'index.js'),
          '@MaiaOS/kernel/devtools$': join(packageFolder, 'devtools.js'),
        },
      },
    });
    await bundle.write({
      file: join(into, `${page}.js`),
      format: 'es',
      minify: true,
      codeSplitting: false,
    });
    await bundle.close();
    const html = `<!doctype html><title>${page}</title><script type="module" src="/${page}.js"></script>`;
    await writeFile(join(into, `${page}.html`), html);
  }
}
