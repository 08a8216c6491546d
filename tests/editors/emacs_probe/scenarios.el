;;; scenarios.el --- What a person does with Bridle in Emacs  -*- lexical-binding: t -*-

;;; Code:

(defun scenario-one_undo_takes_the_fix ()
  "From the failing test by code actions to the landed fix, and back by one undo."
  (pcase-let* ((`(,source . ,line) (scenario--propose))
               (before (probe-text source)))
    (scenario--choose source line "bridle.accept")
    (probe-wait "the fix landed" (lambda () (string-search (probe-fact :right) (probe-text source))))
    (probe-same "landed text" (probe-text source)
                (string-replace (probe-fact :wrong) (probe-fact :right) before))
    (probe-wait "the landing is over" (lambda () (not (scenario--diagnostic source "bridle:\\|bridle \\["))))
    (with-current-buffer source
      (undo-boundary) ; as the command loop does after each command
      (undo-only 1)
      (probe-same "after one undo" (probe-text source) before)
      (undo-boundary)
      (undo-redo 1)
      (unless (string-search (probe-fact :right) (probe-text source))
        (error "Redo does not bring it back")))))

(defun scenario-typed_above_between_send_and_apply ()
  "While the edit is held on its way, lines come above its place.
Eglot counts a version only when it sends it, so it puts the edit at its old place; the server has to see that."
  (pcase-let ((`(,source . ,line) (scenario--propose)))
    (probe-signal "hold")
    (scenario--choose source line "bridle.accept")
    (probe-wait "the edit is on its way" (lambda () (probe-signalled "held")))
    (switch-to-buffer source)
    (probe-go 0)
    (execute-kbd-macro (kbd "# SPC above RET # SPC it RET"))
    (let ((typed (probe-text source)))
      (probe-same "typed" (substring typed 0 13) "# above\n# it\n")
      (probe-signal "go")
      (probe-wait "the fix landed" (lambda () (probe-said "not saved yet")))
      (probe-same "text" (probe-text source) (string-replace (probe-fact :wrong) (probe-fact :right) typed)))))

(defun scenario--propose ()
  "From the failing test to a verified proposal.  Return the source's buffer and the proposal's line there."
  (setq completing-read-function (lambda (_prompt choices &rest _) (car (all-completions "" choices))))
  (let ((source (probe-open (probe-fact :source_file)))
        (test (probe-open (probe-fact :test_file))))
    (eglot-execute (eglot-current-server) '(:command "bridle.trust" :arguments [(:trusted t)]))
    (eglot-execute (eglot-current-server) '(:command "bridle.verify" :arguments []))
    (probe-wait "the finding shows" (lambda () (scenario--diagnostic test "pytest")))
    (probe-same "line" (scenario--diagnostic test "pytest") (probe-fact :finding_line))
    (scenario--choose test (probe-fact :finding_line) "bridle.fix")
    (probe-wait "the run is over" (lambda () (probe-said "Accept, show or reject it by code action")))
    (cons source (probe-wait "the proposal shows" (lambda () (scenario--diagnostic source "verified"))))))

(defun scenario--diagnostic (buffer words)
  "Return the 0-based line of the first diagnostic of BUFFER whose text matches WORDS, or nil."
  (with-current-buffer buffer
    (flymake-start)
    (when-let* ((found (cl-find-if (lambda (each) (string-match-p words (flymake-diagnostic-text each)))
                                   (flymake-diagnostics))))
      (1- (line-number-at-pos (flymake-diagnostic-beg found) t)))))

(defun scenario--choose (buffer line command)
  "Choose the code action at LINE of BUFFER that runs COMMAND, once it is offered."
  (with-current-buffer buffer
    (probe-go line)
    (eglot-execute (eglot-current-server)
                   (probe-wait (format "%s is offered" command)
                               (lambda ()
                                 (cl-find command (eglot-code-actions (point) (point))
                                          :key (lambda (action) (plist-get (plist-get action :command) :command))
                                          :test #'equal))))))

(provide 'scenarios)

;;; scenarios.el ends here
