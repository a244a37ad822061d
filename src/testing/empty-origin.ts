import { createDatabases } from './databases.ts';

// A file of browser tests begins with nothing kept: the one before it had the same browser context.
localStorage.clear();
sessionStorage.clear();
await createDatabases(indexedDB).deleteAll();
