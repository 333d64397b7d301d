// @tus/server, the reference of the tus project, on a free port of this machine; prints the port, stores below argv[2].
import { FileStore } from "@tus/file-store";
import { Server } from "@tus/server";

const WEEK_MS = 7 * 24 * 3600 * 1000;
const store = new FileStore({ directory: process.argv[2], expirationPeriodInMilliseconds: WEEK_MS });
const tus = new Server({ path: "/files", datastore: store, maxSize: 8 * 1024 ** 3 });
const listener = tus.listen({ host: "127.0.0.1", port: 0 }, () => console.log(listener.address().port));
