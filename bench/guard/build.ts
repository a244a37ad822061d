import { copyFile, mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { rolldown } from 'rolldown';
import { replacing } from '../harness/replacing.ts';
import { alias, cojsonWasm, external, nodeEntries, root } from '../../scripts/build/packages.mjs';

/** The files of the guard, each of which has a substitute in `without` that does nothing. */
const guarding = [
  'engine/group-rules/patch-group-rules',
  'engine/reading/patch-reading',
  'engine/session-maps/place-binding',
  'engine/session-maps/removal-heads',
  'relay/admission/admit-content',
];

export interface Programs {
  readonly device: string;
  readonly relay: string;
}

/** Builds a device and the relay from the sources, with the guard or without. Throws if the guard is somewhere else by now. */
export async function buildPrograms(
  benchFolder: string,
  into: string,
  isGuarded: boolean,
): Promise<Programs> {
  await mkdir(into, { recursive: true });
  const substitutes = new Map(
    guarding.map((file) => [
      join(root, 'src', `${file}.ts`),
      join(benchFolder, 'guard/without', `${basename(file)}.ts`),
    ]),
  );
  const replacement = replacing(substitutes);
  const bundle = await rolldown({
    input: { device: join(benchFolder, 'guard/device.ts'), relay: nodeEntries['maia-relay'] },
    external,
    platform: 'node',
    resolve: { alias, mainFields: ['module', 'main'] },
    plugins: isGuarded ? [] : [replacement.plugin],
  });
  await bundle.write({ dir: into, format: 'es', entryFileNames: '[name].mjs' });
  await bundle.close();
  await copyFile(cojsonWasm, join(into, basename(cojsonWasm)));
  if (!isGuarded) replacement.check();
  return { device: join(into, 'device.mjs'), relay: join(into, 'relay.mjs') };
}
