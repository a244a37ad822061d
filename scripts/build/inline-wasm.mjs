import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { cojsonWasm } from './packages.mjs';

/** Writes the entry that brings cojson's WASM as text, and the types of the file itself. @param {string} folder */
export async function buildInlineWasm(folder) {
  const packed = deflateRawSync(await readFile(cojsonWasm), { level: 9 }).toString('base64');
  const code = `// cojson's WASM, which src/engine/fixes/wasm.ts reads from here. It is unpacked once it is needed.
const unpack = () => {
  const packed = Uint8Array.from(atob('${packed}'), (letter) => letter.charCodeAt(0));
  const bytes = new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return new Response(bytes).arrayBuffer();
};
globalThis[Symbol.for('@MaiaOS/kernel/wasm')] = { source: unpack };
`;
  await writeFile(join(folder, 'inline-wasm.js'), code);
  await writeFile(join(folder, 'inline-wasm.d.ts'), 'export {};\n');
  await writeFile(
    join(folder, 'cojson_core_wasm.wasm.d.ts'),
    '/** Its address, as bundlers return it. */\ndeclare const url: string;\nexport default url;\n',
  );
}
