// What the pages do by themselves: say when the house is out of reach, and keep this browser's language and look.
(() => {
  const LOST_AFTER_MS = 2600;
  const root = document.documentElement;
  let heard_ms = Date.now();
  let down = false;

  function look() {
    const silent_ms = Date.now() - heard_ms;
    const lost = down || !navigator.onLine || silent_ms > LOST_AFTER_MS;
    root.classList.toggle("offline", lost && document.visibilityState === "visible");
  }
  function hear() {
    heard_ms = Date.now();
    down = false;
  }
  function attach() {
    if (!window.socket) return void setTimeout(attach, 50);
    window.socket.onAny(hear);
    window.socket.on("connect", hear);
    window.socket.on("disconnect", () => { down = true; look(); });
    hear();
    // On a phone the steps are a strip that is wider than the window.
    document.querySelector("[aria-current=step]")?.scrollIntoView({ inline: "center", block: "nearest" });
  }
  function remember(name, value) {
    document.cookie = `fusewise_${name}=${value};path=/;max-age=31536000;samesite=lax`;
    location.reload();
  }
  async function call(method, path, body) {
    try {
      const options = { method, headers: { Accept: "application/json" } };
      if (body !== undefined && body !== null) {
        options.headers["Content-Type"] = "application/json";
        options.body = JSON.stringify(body);
      }
      const answer = await fetch(path, options);
      const text = await answer.text();
      return { status: answer.status, body: text ? JSON.parse(text) : null };
    } catch (error) {
      return { status: 0, body: null };
    }
  }
  async function upload(event, path) {
    const file = event.target.files[0];
    if (!file) return { status: 0, body: null };
    try {
      const options = { method: "POST", headers: { Accept: "application/json" }, body: file };
      const answer = await fetch(path + encodeURIComponent(file.name), options);
      const text = await answer.text();
      return { status: answer.status, body: text ? JSON.parse(text) : null };
    } catch (error) {
      return { status: 0, body: null };
    } finally {
      event.target.value = "";
    }
  }
  window.fusewise = { remember, call, upload };
  if (document.querySelector("script[src*='nicegui']") || document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", () => {
      if (document.getElementById("app")) { attach(); setInterval(look, 200); }
    });
  }
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") hear(); });
  window.addEventListener("offline", look);
  window.addEventListener("online", look);
})();
