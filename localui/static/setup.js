// The setup. How strong the password is, while it is typed; without script the
// server says which it does not take.
const $ = (sel) => document.querySelector(sel);
const out = $("#strength"), input = $("#password");
if (out && input) {
  const judge = () => {
    const s = input.value, kinds = [/\p{Ll}/u, /\p{Lu}/u, /\d/, /[^\p{L}\d]/u].filter((k) => k.test(s)).length;
    const length = [...s].length, varied = new Set(s.toLowerCase()).size;
    if (!s) return "";
    if (length < +out.dataset.min) return "s0";
    const points = length + 2 * kinds + (varied > 7 ? 3 : varied < 5 ? -6 : 0);
    return points < 16 ? "s1" : points < 22 ? "s2" : "s3";
  };
  input.addEventListener("input", () => {
    const s = judge();
    out.textContent = s ? out.dataset[s] : "";
    out.className = "strength " + s;
  });
}

// What is filled in and has the caret is typed over, as after Tab.
const filled = $("input[type=text][autofocus]");
if (filled && document.activeElement === filled) filled.select();
else if (filled) filled.addEventListener("focus", () => filled.select(), { once: true });

// The recovery sheet: after the paper was opened the caret waits in the first
// group, a group that is full leads on to the next, and more than one pasted at
// once is shared out. Without script it is Tab.
const proof = $("#proof"), sheet = $("#print");
if (proof && sheet) {
  const boxes = [...proof.querySelectorAll("input[type=text]")], size = +proof.dataset.group;
  const signs = (s) => s.replace(/[\s-]/g, "");
  sheet.addEventListener("click", () => { const empty = boxes.find((b) => !b.value); if (empty) setTimeout(() => empty.focus()); });
  for (const [i, box] of boxes.entries()) {
    box.addEventListener("input", (e) => {
      const next = boxes[i + 1], all = signs(box.value);
      if (e.isComposing || !next || all.length < size) return;
      if (all.length > size && !next.value) {
        box.value = all.slice(0, size);
        next.value = all.slice(size);
      }
      if (box.selectionStart === box.value.length) next.focus();
    });
  }
}
