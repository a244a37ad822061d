// `npm run build`: the package in dist/, with cojson inside.
import { chmod, copyFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildJavaScript, buildWorker } from './build/javascript.mjs';
import { listLicences } from './build/licences.mjs';
import { root } from './build/packages.mjs';
import { packTemplate } from './build/pglite-template.mjs';
import { buildTypes } from './build/types.mjs';

const dist = join(root, 'dist');
await rm(dist, { recursive: true, force: true });
const chunks = [...(await buildJavaScript(dist)), ...(await buildWorker(dist))];
await buildTypes(dist);
await packTemplate(dist);
await copyFile(join(root, 'src/inspect/schema.json'), join(dist, 'inspect-schema.json'));
await writeFile(join(dist, 'THIRD_PARTY_LICENCES.md'), listLicences(chunks));
await chmod(join(dist, 'maia-relay.js'), 0o755);
