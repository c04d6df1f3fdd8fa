import "../forms.js";
import { startDrafts } from "./drafts.js";
import { startKeptPage } from "./kept_page.js";
import { startMoves } from "./moves.js";
import { keepPages } from "./pages.js";
import { startQueue } from "./queue.js";
import { startQueueList } from "./queue_list.js";
import { startReport } from "./report.js";
import { startUnsent } from "./unsent.js";
import { startWorker } from "./worker.js";

startReport(document);
startMoves();
startDrafts(document);
startUnsent(document);
startQueueList(document);
startKeptPage(document);
startQueue().then(() => document.querySelector("form.form, form.report") || keepPages());
startWorker();
