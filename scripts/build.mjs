// `npm run build`: the package in dist/, with cojson inside.
import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildInlineWasm } from './build/inline-wasm.mjs';
import { buildJavaScript, buildWorker } from './build/javascript.mjs';
import { listLicences } from './build/licences.mjs';
import { root } from './build/packages.mjs';
import { packTemplate } from './build/pglite-template.mjs';
import { buildTypes } from './build/types.mjs';

const dist = join(root, 'dist');
await rm(dist, { recursive: true, force: true });
const chunks = [...(await buildJavaScript(dist)), ...(await buildWorker(dist))];
await buildTypes(dist);
await buildInlineWasm(dist);
await packTemplate(dist);
const schema = JSON.parse(await readFile(join(root, 'src/inspect/schema.json'), 'utf8'));
await writeFile(join(dist, 'inspect-schema.json'), JSON.stringify(schema));
await writeFile(join(dist, 'THIRD_PARTY_LICENCES.md'), listLicences(chunks));
for (const command of ['maia-relay.js', 'kernel-command.js']) await chmod(join(dist, command), 0o755);
