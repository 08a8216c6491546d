;;; probe.el --- Plays one scenario in a real Emacs and writes what it saw  -*- lexical-binding: t -*-

;; Started with `emacs --batch -Q -L emacs_probe -l probe.el'.  Nothing of Bridle is in the editor: eglot is told the
;; program, and that is all.

;;; Code:

(require 'cl-lib)
(require 'eglot)
(require 'flymake)

(defconst probe-wait-s 120 "A bound for a busy machine; what is waited for is always a state.")
(defconst probe-look-s 0.02)

(defvar probe-scene (with-temp-buffer
                      (insert-file-contents (getenv "BRIDLE_SCENE"))
                      (json-parse-buffer :object-type 'plist :array-type 'list :null-object nil :false-object nil)))
(defvar probe-steps nil "What was waited for, the latest first.")
(defvar probe-seen nil "What the scenario noted, a plist.")
(defvar probe-messages nil "What the server showed to the person, the latest first.")

(defun probe-play ()
  "Play the scenario that the environment names, write the result, and end Emacs."
  (setq-default indent-tabs-mode nil)
  (setq make-backup-files nil
        auto-save-default nil
        eglot-confirm-server-edits nil
        eglot-autoshutdown nil
        python-indent-guess-indent-offset nil
        project-find-functions (list (lambda (_folder) (cons 'transient (probe-fact :root))))
        eglot-server-programs `((python-mode . (,(getenv "BRIDLE") "serve"))))
  (advice-add 'eglot--message :before #'probe--listen)
  (let ((problem (condition-case problem
                     (progn (funcall (intern (concat "scenario-" (getenv "BRIDLE_SCENARIO")))) nil)
                   (error (format "%S" problem)))))
    (probe--write-result problem)
    (kill-emacs (if problem 1 0))))

(defun probe--write-result (problem)
  (let ((coding-system-for-write 'utf-8-unix))
    (with-temp-file (probe-fact :result)
      (insert (json-serialize
               (list :ok (if problem :false t)
                     :problem (or problem :null)
                     :steps (vconcat (reverse probe-steps))
                     :messages (vconcat (reverse probe-messages))
                     :seen (or probe-seen (make-hash-table))))))))

(defun probe-fact (name)
  "Return what the scene says under NAME."
  (plist-get probe-scene name))

(defun probe-note (name value)
  "Keep VALUE under the keyword NAME in the result."
  (setq probe-seen (plist-put probe-seen name value)))

(defun probe-wait (step condition)
  "Wait until CONDITION gives something, and return it; past the bound the scenario fails with STEP."
  (push step probe-steps)
  (let ((deadline (+ (float-time) probe-wait-s))
        found)
    (while (not (setq found (funcall condition)))
      (when (> (float-time) deadline)
        (error "Waited in vain until %s" step))
      (probe--rest)
      (accept-process-output nil probe-look-s))
    found))

(defun probe--rest ()
  "Do what Emacs does while nobody types, and not in batch mode: among it, eglot sends what changed."
  (mapc #'timer-event-handler (copy-sequence timer-idle-list)))

(defun probe-same (what actual expected)
  "Fail with WHAT unless ACTUAL equals EXPECTED."
  (unless (equal actual expected)
    (error "%s: %S, not %S" what actual expected)))

(defun probe-signal (name)
  "Put the signal NAME into the scene's folder."
  (write-region "" nil (probe--signal-file name) nil 'quiet))

(defun probe-signalled (name)
  "Tell whether the signal NAME is in the scene's folder."
  (file-exists-p (probe--signal-file name)))

(defun probe--signal-file (name)
  (expand-file-name (concat name ".signal") (file-name-directory (probe-fact :result))))

(defun probe-said (words)
  "Tell whether the server showed a message with WORDS."
  (cl-some (lambda (message) (string-search words message)) probe-messages))

(defun probe--listen (template &rest arguments)
  "Keep what eglot shows of TEMPLATE with ARGUMENTS."
  (push (apply #'format template arguments) probe-messages))

(defun probe-open (file)
  "Visit FILE of the workspace with eglot on, as the current buffer, and return the buffer."
  (switch-to-buffer (find-file-noselect (expand-file-name file (probe-fact :root))))
  (unless (eglot-current-server)
    (apply #'eglot (eglot--guess-contact)))
  (probe-wait (format "%s has its server" file) #'eglot-managed-p)
  (current-buffer))

(defun probe-text (buffer)
  "Return the whole text of BUFFER."
  (with-current-buffer buffer
    (save-restriction
      (widen)
      (buffer-substring-no-properties (point-min) (point-max)))))

(defun probe-go (line)
  "Put point at the start of the 0-based LINE."
  (goto-char (point-min))
  (forward-line line))

(require (intern (if (equal (getenv "BRIDLE_SCENARIO") "streams") "streams" "scenarios")))
(probe-play)

;;; probe.el ends here
