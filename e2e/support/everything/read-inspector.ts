import { join } from 'node:path';
import type * as Kernel from '@MaiaOS/kernel';
import type { Page } from '@playwright/test';
import { root } from '../servers.ts';

interface InspectorModule {
  createInspector(target: unknown): {
    snapshot(): unknown;
    subscribe(listener: (increment: unknown) => void): () => void;
    close(): void;
  };
}

/** The JSON that an inspector of the page's session gives: a snapshot, and the first increment. Needs a dev server. */
export function readInspector(page: Page): Promise<string> {
  return page.evaluate(
    async ([kernelURL, inspectorURL]) => {
      const { activeSession } = (await import(kernelURL)) as typeof Kernel;
      const { createInspector } = (await import(inspectorURL)) as InspectorModule;
      const inspector = createInspector(activeSession.current);
      const increment = await new Promise((resolve) => inspector.subscribe(resolve));
      const json = JSON.stringify([inspector.snapshot(), increment]);
      inspector.close();
      return json;
    },
    [sourceURL('src/index.ts'), sourceURL('src/inspect/create-inspector.ts')] as const,
  );
}

/** Where a dev server has a file of this project: the same instance of it that the app has. */
export function sourceURL(path: string): string {
  return `/@fs${join(root, path)}`;
}
