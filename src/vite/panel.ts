import { fileURLToPath } from 'node:url';
import { normalizePath } from 'vite';

/** The kernel's entry as seen from here, and the panel as seen from the entry: from source, and in the package. */
const [entry, panel] = import.meta.url.endsWith('.ts')
  ? (['../index.ts', '../devtools/index.ts'] as const)
  : (['./index.js', './devtools.js'] as const);

const entryFile = normalizePath(fileURLToPath(new URL(entry, import.meta.url)));

/** Whether a module ID of Vite names the kernel's entry, with or without a query. */
export function isKernelEntry(id: string): boolean {
  return id.replace(/[?#].*$/, '') === entryFile;
}

/**
 * Mounts the panel when the page first loads the kernel, before code of the app runs that imports it. Frameworks that write the
 * page themselves, such as SvelteKit, skip Vite's hooks for HTML, but not those for modules.
 */
export function withPanel(code: string): string {
  // The app may already have added the element. In a worker, there is no document, and `mountDevtools` does nothing.
  return `${code}
import { mountDevtools } from '${panel}';
if (!globalThis.document?.querySelector('maia-devtools')) mountDevtools();
`;
}
