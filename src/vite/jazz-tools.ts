import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, sep } from 'node:path';

/** That of the cojson in this package. A test compares it with package.json. */
export const jazzToolsVersion = '0.20.19';

/** jazz-tools brings its own cojson, which would not recognise the values of the kernel's. */
export function aliasCojson(kernelName: string): { readonly find: RegExp; readonly replacement: string }[] {
  return [{ find: /^cojson(?:\/crypto\/WasmCrypto)?$/, replacement: `${kernelName}/cojson` }];
}

/** The version that the app in this folder has installed, if any. */
export function installedJazzTools(root: string): string | undefined {
  try {
    const file = createRequire(join(root, 'package.json')).resolve('jazz-tools');
    const folder = join('node_modules', 'jazz-tools') + sep;
    const manifest = join(file.slice(0, file.lastIndexOf(folder)), folder, 'package.json');
    return (JSON.parse(readFileSync(manifest, 'utf8')) as { readonly version: string }).version;
  } catch {
    return undefined;
  }
}

/** What is wrong with the installed version, with the remedy. */
export function explainJazzTools(installed: string | undefined): string | undefined {
  if (installed === jazzToolsVersion) return undefined;
  const found = installed === undefined ? 'it is not installed' : `${installed} is installed`;
  return `@MaiaOS/kernel/jazz needs jazz-tools ${jazzToolsVersion}, but ${found}. Run \`npm install jazz-tools@${jazzToolsVersion}\`.`;
}
