// Everything the phone's pages do by themselves; each part starts where its data attribute stands.

import "../forms.js";
import { startQueue } from "./queue.js";
import { startQueueList } from "./queue_list.js";
import { startReport } from "./report.js";

startReport(document);
startQueueList(document);
startQueue();

// Only over HTTPS (or on this very machine); without it the pages work as long as there is signal.
navigator.serviceWorker?.register("/field/sw.js").catch(() => {});
