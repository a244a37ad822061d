import { createBrowserPlatform } from '../../../src/platform/browser-platform.ts';
import { createDatabases } from '../storage/databases.ts';

// Each file of browser tests starts with empty storage, although it shares the browser context with the file before.
const { indexedDB } = createBrowserPlatform();
if (indexedDB) await createDatabases(indexedDB).deleteAll();
localStorage.clear();
