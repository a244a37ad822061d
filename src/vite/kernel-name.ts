import { createRequire } from 'node:module';
import { join } from 'node:path';

/** The name of this package, and the one in npm's registry, which takes no capitals. */
export const kernelNames = ['@MaiaOS/kernel', '@maiaos/kernel'] as const;

/** The name by which the app in this folder can import the kernel. */
export function kernelNameIn(root: string): string {
  const { resolve } = createRequire(join(root, 'package.json'));
  const isInstalled = (name: string) => {
    try {
      return resolve(`${name}/package.json`) !== '';
    } catch {
      return false;
    }
  };
  return kernelNames.find(isInstalled) ?? kernelNames[0];
}
