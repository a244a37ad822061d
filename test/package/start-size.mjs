import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';
import { createExpectedError } from '../../scripts/expected-error.mjs';

/** In bytes of gzip. size.test.ts measures the sources, without what two files of the package add. */
const maxBytes = 18_000;
const names = [
  ...['activeSession', 'resumeSession', 'signInWithPasskey', 'signUpWithPasskey'],
  ...['subscribeSyncState', 'takeInvite', 'isKernelError'],
];

/** What an app fetches at its start if it signs in by passkey, bundled from the package. @param {string} project has the package */
export async function checkStartSize(project) {
  const bundle = await rolldown({
    input: 'app.js',
    platform: 'browser',
    cwd: project,
    plugins: [
      {
        name: 'app',
        resolveId: (id) => (id === 'app.js' ? `${project}/app.js` : undefined),
        load: (id) =>
          id === `${project}/app.js` ? `export { ${names.join(', ')} } from '@MaiaOS/kernel';` : undefined,
      },
    ],
  });
  const { output } = await bundle.generate({ format: 'es', minify: true });
  await bundle.close();
  const chunks = output.filter((file) => file.type === 'chunk');
  const started = new Set(chunks.filter(({ isEntry }) => isEntry).map(({ fileName }) => fileName));
  for (const fileName of started)
    for (const next of chunks.find((chunk) => chunk.fileName === fileName)?.imports ?? []) started.add(next);
  const bytes = chunks
    .filter(({ fileName }) => started.has(fileName))
    .reduce((sum, { code }) => sum + gzipSync(code, { level: 9 }).length, 0);
  if (bytes > maxBytes)
    throw createExpectedError(`An app with a passkey starts with ${bytes} bytes, more than ${maxBytes}.`);
  return bytes;
}
