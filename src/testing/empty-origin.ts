import { createBrowserPlatform } from '../platform/browser-platform.ts';
import { createDatabases } from '../../test/support/storage/databases.ts';

// A file of browser tests begins with no databases: the one before it had the same browser context.
const { indexedDB } = createBrowserPlatform();
if (indexedDB) await createDatabases(indexedDB).deleteAll();
