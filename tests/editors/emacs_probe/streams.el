;;; streams.el --- Does what the plans of stream_plans.py say, by Emacs's own commands  -*- lexical-binding: t -*-

;; For a server that writes down what eglot sends.  Each answer of `recorder.kind' says that all before it was sent.

;;; Code:

(require 'skeleton)
(require 'rect)

(defun scenario-streams ()
  "Play all plans, and note the text that each buffer holds at the end."
  (add-hook 'before-save-hook #'streams--format)
  (let (finals)
    (dolist (stream (probe-fact :streams))
      (setq finals (plist-put finals (intern (concat ":" (plist-get stream :name))) (streams--play stream))))
    (probe-note :finals finals)
    (probe-note :version emacs-version)))

(defun streams--play (stream)
  (let ((number 0)
        (buffer (probe-open (plist-get stream :file))))
    (buffer-enable-undo)
    (dolist (step (plist-get stream :steps))
      (setq number (1+ number))
      (streams--ask "recorder.kind" (plist-get step :kind))
      (condition-case problem
          (streams--do step)
        (error (error "%s, step %d, %S: %S" (plist-get stream :name) number step problem)))
      (undo-boundary)
      (streams--ask "recorder.kind" (plist-get step :kind)))
    (probe-text buffer)))

(defun streams--ask (command &rest arguments)
  "Send what changed, then COMMAND with ARGUMENTS, and wait for its answer."
  (eglot--signal-textDocument/didChange)
  (jsonrpc-request (eglot-current-server) :workspace/executeCommand
                   (list :command command :arguments (vconcat arguments))))

(defun streams--format ()
  (when (eglot-managed-p)
    (eglot-format-buffer)))

(defun streams--do (step)
  "Do STEP at its place."
  (probe-go (mod (plist-get step :line) (streams--line-count)))
  (funcall (intern (concat "streams--" (plist-get step :kind))) step))

(defun streams--line-count ()
  (max 1 (count-lines (point-min) (point-max))))

(defun streams--region (step)
  "Return start and end of STEP's lines."
  (list (pos-bol) (save-excursion (forward-line (plist-get step :count)) (point))))

(defun streams--press (keys)
  (execute-kbd-macro (vconcat (mapcar (lambda (key) (pcase key (?\n ?\r) (?\b 127) (_ key))) keys)))
  (setq last-command 'self-insert-command))

(defun streams--typing (step)
  (pcase (plist-get step :where)
    ("below" (end-of-line) (streams--press "\n"))
    ("above" (open-line 1))
    ("end" (end-of-line))
    ("start" (back-to-indentation))
    ("middle" (forward-char (mod (plist-get step :column) (1+ (- (pos-eol) (pos-bol)))))))
  (let ((keys (plist-get step :keys)))
    (dolist (burst (plist-get step :bursts))
      (condition-case nil
          (streams--press (apply #'concat (take burst keys)))
        (beginning-of-buffer nil))
      (setq keys (nthcdr burst keys))
      (streams--ask "recorder.kind" (plist-get step :kind)))))

(defalias 'streams--astral #'streams--typing)

(defun streams--multicursor (step)
  (let* ((column (mod (plist-get step :column) 12))
         (start (progn (move-to-column column t) (point)))
         (end (progn (forward-line (1- (plist-get step :count))) (move-to-column column t) (point))))
    (string-rectangle (min start end) (max start end) (plist-get step :text))))

(defun streams--undo (step)
  (setq last-command 'other)
  (ignore-errors (undo-only (plist-get step :times)))
  (setq last-command 'undo))

(defun streams--redo (step)
  (setq last-command 'undo)
  (ignore-errors (undo-redo (plist-get step :times)))
  (setq last-command 'other))

(defun streams--snippet (step)
  (end-of-line)
  (newline)
  (skeleton-insert '(nil "for item in items:" \n "item.done(items)" > \n))
  (undo-boundary)
  (probe-go (mod (plist-get step :line) (streams--line-count)))
  (dolist (word (plist-get step :words))
    (when (search-forward-regexp "\\_<item\\_>" nil t)
      (replace-match "")
      (dolist (key (string-to-list word))
        (streams--press (string key))
        (streams--ask "recorder.kind" "snippet")))))

(defun streams--rename (step)
  (pcase-let ((`(,old ,new) (plist-get step :words)))
    (goto-char (point-min))
    (when (search-forward-regexp (format "\\_<%s\\_>" old) nil t)
      (backward-char)
      (eglot-rename new))))

(defun streams--save (_step)
  (save-buffer 0))

(defun streams--from-outside (command step)
  "Save, let another program change the file by COMMAND, and take what it wrote, as auto-revert does."
  (save-buffer 0)
  (streams--ask command (buffer-file-name) (plist-get step :seed))
  (revert-buffer 'ignore-auto 'dont-ask 'preserve-modes))

(defun streams--reload (step)
  (streams--from-outside "recorder.reload" step))

(defun streams--branch (step)
  (streams--from-outside "recorder.branch" step))

(defun streams--substitute (step)
  (goto-char (point-min))
  (perform-replace (car (plist-get step :words)) (cadr (plist-get step :words)) nil nil nil))

(defun streams--paste (step)
  (kill-new (plist-get step :text))
  (yank))

(defun streams--indent (step)
  (pcase-let ((`(,start ,end) (streams--region step)))
    (indent-rigidly start end 4)))

(defun streams--outdent (step)
  (pcase-let ((`(,start ,end) (streams--region step)))
    (indent-rigidly start end -4)))

(defun streams--delete (step)
  (apply #'kill-region (streams--region step)))

(defun streams--move (_step)
  (unless (or (bobp) (eobp))
    (transpose-lines 1)))

(defun streams--duplicate (_step)
  (duplicate-line))

(defun streams--comment (step)
  (apply #'comment-or-uncomment-region (streams--region step)))

(defun streams--join (step)
  (dotimes (_ (plist-get step :count))
    (join-line t)))

(defun streams--sort (step)
  (apply #'sort-lines nil (streams--region step)))

(defun streams--whole (_step)
  (let ((text (probe-text (current-buffer))))
    (erase-buffer)
    (insert "# whole\n" text)))

(provide 'streams)

;;; streams.el ends here
