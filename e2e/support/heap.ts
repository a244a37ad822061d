import type { CDPSession, Page } from '@playwright/test';

/** The objects in a page that cannot be collected. */
export interface Heap {
  /** Instances by class, including subclasses. */
  readonly counts: Readonly<Record<string, number>>;
  /** Event listeners on anything in the page. */
  readonly listeners: number;
  /** The JavaScript heap and WebAssembly memory. */
  readonly bytes: number;
}

/** Reads the heap of a page; `classes` are expressions that name a class there. */
export async function createHeapReader(
  page: Page,
  classes: readonly string[],
): Promise<{ read(): Promise<Heap> }> {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Performance.enable');
  await cdp.send('HeapProfiler.enable');
  return {
    async read() {
      await collect(cdp);
      const counts: Record<string, number> = {};
      for (const name of classes) counts[name] = await ofAll(cdp, name, '(all) => all.length');
      const inWasm = await ofAll(
        cdp,
        'WebAssembly.Memory',
        '(all) => all.reduce((sum, { buffer }) => sum + buffer.byteLength, 0)',
      );
      await cdp.send('Runtime.releaseObjectGroup', { objectGroup });
      await collect(cdp);
      const { metrics } = await cdp.send('Performance.getMetrics');
      const metric = (name: string) => {
        const found = metrics.find((each) => each.name === name);
        if (!found) throw new Error(`The browser does not say ${name}.`);
        return found.value;
      };
      return { counts, listeners: metric('JSEventListeners'), bytes: metric('JSHeapUsedSize') + inWasm };
    },
  };
}

/** Groups the handles of found objects; once released, they keep nothing alive. */
const objectGroup = 'heap-reader';

/** An object that a collected object held is freed only by the next collection. */
async function collect(cdp: CDPSession): Promise<void> {
  for (let time = 0; time < 3; time++) await cdp.send('HeapProfiler.collectGarbage');
}

/** Calls a function in the page with the array of all instances of a class. */
async function ofAll(cdp: CDPSession, name: string, read: string): Promise<number> {
  const expression = `${name}.prototype`;
  const { result } = await cdp.send('Runtime.evaluate', { expression, objectGroup });
  const { objectId: prototypeObjectId } = result;
  if (prototypeObjectId === undefined) throw new Error(`The page has no ${name}.`);
  const { objects } = await cdp.send('Runtime.queryObjects', { prototypeObjectId, objectGroup });
  const { objectId } = objects;
  if (objectId === undefined) throw new Error(`The browser does not say which ${name} there are.`);
  const functionDeclaration = `function () { return (${read})(this) }`;
  const answer = await cdp.send('Runtime.callFunctionOn', {
    objectId,
    functionDeclaration,
    returnByValue: true,
  });
  return answer.result.value as number;
}
