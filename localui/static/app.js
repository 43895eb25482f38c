// What makes the pages quicker where script runs. Without it everything works:
// forms post, links lead on. Written for Chrome 109 and Firefox 115.
const $ = (sel, root = document) => root.querySelector(sel);
const all = (sel, root = document) => [...root.querySelectorAll(sel)];
const body = document.body;
const user = body.dataset.user;

// --- the pill, kept live ---------------------------------------------------
function live(wait) {
  const ws = new WebSocket((location.protocol === "https:" ? "wss://" : "ws://") + location.host + body.dataset.live);
  ws.onmessage = (m) => {
    const p = JSON.parse(m.data), el = $("#pill");
    wait = 2000;
    if (!el) return;
    el.className = "pill " + p.class;
    el.replaceChildren(Object.assign(document.createElement("span"), { textContent: p.sign, ariaHidden: "true" }), " " + p.text);
  };
  ws.onclose = () => { if (wait < 600000) setTimeout(() => live(wait * 2), wait); };
}
if (body.dataset.live && user !== "0") live(2000);

// --- search while typing ---------------------------------------------------
const hits = $("[data-live-search]");
function liveSearch(input) {
  let timer, turn = 0;
  input.addEventListener("input", (e) => {
    if (e.isComposing || !hits) return; // never during composition of a letter
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const mine = ++turn, q = new URLSearchParams(new FormData(input.form));
      history.replaceState(null, "", "/tim?" + q);
      q.set("phan", "1");
      const res = await fetch("/tim?" + q, { headers: { Accept: "text/html" } });
      if (mine === turn && res.ok && !res.redirected) hits.innerHTML = await res.text();
    }, 180);
  });
}
if (hits) all("input[type=search]").forEach(liveSearch);

// --- suggestions for inputs that name a person or household ------------------
let lists = 0;
for (const input of all("[data-suggest]")) {
  const list = document.createElement("datalist");
  list.id = "goi-y-" + ++lists;
  input.after(list);
  input.setAttribute("list", list.id);
  let timer;
  input.addEventListener("input", (e) => {
    if (e.isComposing) return;
    clearTimeout(timer);
    if (input.value.trim().length < 2) return;
    timer = setTimeout(async () => {
      const res = await fetch("/goi-y", { method: "POST", body: new URLSearchParams({ q: input.value, loai: input.dataset.suggest }) });
      if (!res.ok || res.redirected) return;
      list.replaceChildren(...(await res.json()).map((o) => Object.assign(document.createElement("option"), { value: o.v, label: o.t, textContent: o.t })));
    }, 200);
  });
}

// A page that says "saved" came after a form was sent: its draft is done with.
{
  const mark = "gui|" + user, sent = sessionStorage.getItem(mark);
  if (sent && (location.pathname.startsWith("/da-luu/") || new URLSearchParams(location.search).has("saved"))) sessionStorage.removeItem(sent);
  if (!$(".door")) sessionStorage.removeItem(mark); // an ended login is between the form and its answer
}

// --- forms: drafts, findings on blur, keys -----------------------------------
const form = $("#form");
if (form) {
  const quiet = new Set(["key", "base", "_by", "_tap", "_rows"]);
  const about = ["ho", "nguoi", "diaban"].map((n) => form.elements[n] ? form.elements[n].value : "").join(",");
  const slot = ["nhap", user, form.dataset.form, form.dataset.target || "", about].join("|");
  const note = $("#draft");
  const touched = new Set();
  const shownWithFindings = !!$("#summary");

  // The draft lies in the tab's own storage: it outlives a reload, an ended
  // login and a lost line, and goes with the tab. It is read before the first
  // write, so an empty form never replaces it. A page that answers a form sent
  // shows all that was sent, which is newer than any draft.
  const read = () => { try { return JSON.parse(sessionStorage.getItem(slot)); } catch { return null; } };
  const values = () => [...new FormData(form)].filter(([n, v]) => !quiet.has(n) && typeof v === "string" && n !== "then" && n !== "_more");
  const control = (n) => form.elements.namedItem(n);
  const rows = () => Number(control("_rows") ? control("_rows").value : 0);
  const empty = JSON.stringify(values());
  const draft = read(), asked = new URLSearchParams(location.search);
  const again = form.dataset.again !== undefined;
  if (draft && !again && draft.rows > rows() && !asked.has("_rows")) {
    asked.set("_rows", draft.rows); // as many lines as there were
    location.replace(location.pathname + "?" + asked);
  } else if (draft && !again && JSON.stringify(draft.v) !== empty) {
    restore(draft);
    note.textContent = note.dataset.restored.replace("{at}", draft.at) + " ";
    const drop = Object.assign(document.createElement("button"), { type: "button", className: "linkish", textContent: note.dataset.drop });
    drop.onclick = () => { sessionStorage.removeItem(slot); location.reload(); };
    note.append(drop);
  }
  function restore(old) {
    const by = new Map();
    for (const [n, v] of old.v) by.set(n, [...(by.get(n) || []), v]);
    for (const el of form.elements) {
      if (!el.name || quiet.has(el.name) || el.type === "submit" || el.type === "button") continue;
      const has = by.get(el.name);
      if (el.type === "checkbox" || el.type === "radio") el.checked = !!has && has.includes(el.value);
      else if (el.type !== "hidden" && has) el.value = has[0];
    }
    // It may have been sent, and the answer lost: under its own key it is
    // recorded once even so.
    for (const n of ["key", "base"]) if (old[n] && control(n)) control(n).value = old[n];
  }
  let timer;
  function write() {
    clearTimeout(timer);
    const at = new Date().toTimeString().slice(0, 5), of = (n) => control(n) ? control(n).value : "";
    try { sessionStorage.setItem(slot, JSON.stringify({ at, v: values(), rows: rows(), key: of("key"), base: of("base") })); } catch { return; }
    note.textContent = note.dataset.saved.replace("{at}", at);
  }
  if (again) write();
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(write, 400);
  });
  form.addEventListener("submit", (e) => {
    write();
    if (e.submitter && e.submitter.name === "_more") return;
    // The draft stays until a page shows that the form was recorded.
    sessionStorage.setItem("gui|" + user, slot);
  });

  // What rules say of the fields left behind; never while typing.
  let asking = 0;
  form.addEventListener("focusout", async (e) => {
    const box = e.target.closest("[data-field]");
    if (!box || e.target.name.startsWith("reason.")) return;
    touched.add(box.dataset.field);
    const mine = ++asking, q = new URLSearchParams(new FormData(form));
    q.set("_form", form.dataset.form);
    if (form.dataset.target) q.set("_target", form.dataset.target);
    const res = await fetch("/kiem-tra", { method: "POST", body: q }).catch(() => null);
    if (!res || !res.ok || res.redirected || mine !== asking) return;
    show(await res.json());
  });
  function show(list) {
    for (const box of all("[data-field]", form)) {
      if (!touched.has(box.dataset.field) || box.contains(document.activeElement) && $(".reason", box)) continue;
      const old = all(":scope > .finding", box), kept = new Map(all("input[name^='reason.']", box).map((i) => [i.name, i.value]));
      const mine = list.filter((f) => f.name === box.dataset.field || f.name.startsWith(box.dataset.field + ".") || f.name.startsWith(box.dataset.field + "["));
      old.forEach((el) => el.remove());
      box.classList.remove("has-hard", "has-soft");
      for (const f of mine) {
        box.classList.add("has-" + f.level);
        const el = Object.assign(document.createElement("div"), { className: "finding " + f.level });
        el.append(Object.assign(document.createElement("span"), { textContent: f.text }));
        if (f.asks && kept.has("reason." + f.rule)) {
          el.append(Object.assign(document.createElement("input"), { type: "text", name: "reason." + f.rule, value: kept.get("reason." + f.rule) }));
        }
        box.append(el);
      }
    }
  }

  // Enter moves on, as on the numeric pad; saving is Ctrl+Enter.
  form.addEventListener("keydown", (e) => {
    if (e.key !== "Enter" || e.ctrlKey || e.isComposing || !e.target.matches("input:not([type=submit]), select")) return;
    e.preventDefault();
    const list = [...form.elements].filter((el) => el.offsetParent && !el.disabled && el.type !== "hidden" && el.tabIndex >= 0);
    const next = list[list.indexOf(e.target) + 1];
    if (next) next.focus();
  });
  if (shownWithFindings) $("#summary").focus();
  else {
    const fits = (el) => el.offsetParent && (el.type === "checkbox" || el.type === "radio" ? !form.querySelector("[name='" + el.name + "']:checked") : !el.value);
    const first = [...all("[autofocus]", form), ...all("input:not([type=hidden]), select, textarea", form)].find(fits);
    if (first && !first.autofocus) first.focus(); // the browser does it by itself, a little later
  }
}

// --- keys ------------------------------------------------------------------
// Enter held down a moment too long after one page must not go through the next:
// there too something has the focus.
addEventListener("keydown", (e) => { if (e.key === "Enter" && e.repeat && !e.target.matches("textarea")) { e.preventDefault(); e.stopPropagation(); } }, { capture: true });
function press(sel) { const el = $(sel); if (el) el.click(); return !!el; }
document.addEventListener("keydown", (e) => {
  if (e.isComposing || e.altKey || e.metaKey) return;
  const typing = e.target.matches("input, textarea, select");
  if (e.key === "/" && !typing) { const q = $("#q2") || $("#q"); if (q) { e.preventDefault(); q.focus(); q.select(); } }
  else if (e.key === "Enter" && e.ctrlKey && form) { e.preventDefault(); press("button[name=then][value='']"); }
  else if (e.key === "F8" && form) { if (press("button[name=then][value=next]")) e.preventDefault(); }
  else if (e.key === "Escape") {
    const sheet = $("dialog[open]");
    if (sheet) return;
    if (typing && e.target.type === "search") { e.target.blur(); return; }
    press("#back");
  } else if (e.key === "?" && !typing) { const keys = $("#keys"); if (keys) { e.preventDefault(); keys.showModal(); } }
});

// here is the address that shows this page again; one that answers a form sent
// is the form itself.
function here() {
  if (!form || form.dataset.target) return location.pathname + location.search;
  const q = new URLSearchParams();
  for (const n of ["ho", "nguoi", "diaban"]) if (form.elements[n]) q.set(n, form.elements[n].value);
  return "/ghi/" + form.dataset.form + "?" + q;
}

// A page left alone shows nobody's data: after the login has run out it asks for
// it again. The draft of a form waits in the tab.
if (user !== "0") {
  let seen = Date.now();
  for (const ev of ["keydown", "pointerdown", "scroll"]) addEventListener(ev, () => { seen = Date.now(); }, { passive: true });
  setInterval(() => { if (Date.now() - seen > 15.2 * 60000) location.replace("/dang-nhap?next=" + encodeURIComponent(here())); }, 15000);
}
